import type { ScramHash, ScramParameters } from '@angarium/sdk';

/** As config.schema.json has it, defaults filled in. */
export interface PasswdFileConfig {
  readonly file: string;
  readonly shadow?: string;
  readonly group?: string;
  /** '' for none. */
  readonly domain: string;
  readonly defaultScheme?: string;
  readonly scram?: { readonly hashes: readonly ScramHash[] } & ScramParameters;
}
