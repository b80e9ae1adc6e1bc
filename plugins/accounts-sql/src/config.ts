import type { ScramHash, ScramParameters } from '@angarium/sdk';

/** As config.schema.json has it, defaults filled in. */
export interface SqlConfig {
  readonly postgresql?: PostgresqlConfig;
  readonly sqlite?: { readonly file: string };
  readonly queries: {
    readonly account: string;
    readonly password?: string;
    readonly verify?: string;
    readonly groups?: string;
    readonly list?: string;
  };
  readonly defaultScheme?: string;
  readonly scram?: { readonly hashes: readonly ScramHash[] } & ScramParameters;
  readonly timeoutSeconds: number;
  readonly cacheSeconds: number;
}

export interface PostgresqlConfig {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password?: string;
  readonly tls: 'off' | 'on' | 'unverified';
  readonly maxConnections: number;
}
