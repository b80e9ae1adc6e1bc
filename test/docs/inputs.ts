/** What the reference pages are made from. Reading it (read-inputs.ts) and writing pages are kept apart. */
import type { SourceFile } from '../rules/sources.js';
import type { ApiModule } from './dts/modules.js';
import type { PublishedSchemas, Schema } from './schema-options.js';

export interface Inputs {
  readonly modules: readonly ApiModule[];
  readonly contracts: readonly ContractInfo[];
  /** Run-time half of the hook catalogue, by name. */
  readonly hooks: Readonly<Record<string, { readonly kind: string; readonly summary: string }>>;
  readonly permissions: readonly { readonly name: string; readonly summary: string }[];
  readonly plugins: readonly PluginInfo[];
  readonly commands: readonly CommandInfo[];
  readonly globalOptions: readonly (readonly [flags: string, summary: string])[];
  readonly schemas: PublishedSchemas;
  readonly mailErrors: readonly MailErrorInfo[];
  readonly kernelErrors: readonly { readonly code: string; readonly meaning: string | undefined }[];
  /** Sources of core, SDK and plugins, tests left out. */
  readonly sources: readonly SourceFile[];
  /** READMEs and written guides. */
  readonly guides: readonly SourceFile[];
  /** What could not be read, in sentences. */
  readonly problems: readonly string[];
}

export interface ContractInfo {
  /** `mail-store@1`, as manifests write it. */
  readonly name: string;
  /** The exported constant. */
  readonly constant: string;
  readonly isRegistry: boolean;
  /** Provided by the kernel itself. */
  readonly isKernels: boolean;
}

export interface PluginInfo {
  /** The folder: `accounts-local`. */
  readonly id: string;
  readonly packageName: string;
  readonly description: string;
  readonly sdk: string | undefined;
  readonly provides: readonly string[];
  readonly requires: readonly string[];
  readonly optional: readonly string[];
  readonly permissions: readonly string[];
  readonly commands: readonly { readonly name: string; readonly summary: string }[];
  readonly configSchema: Schema | undefined;
  readonly hasReadme: boolean;
  /** Registries that its classes ask for, by name. */
  readonly registries: readonly string[];
  /** Hooks whose names stand in a `.tap(…)` or `.hook(…)` of its sources. */
  readonly taps: readonly string[];
  readonly calls: readonly string[];
}

export interface CommandInfo {
  readonly name: string;
  readonly summary: string;
  /** Plugin id; undefined for built-in ones. */
  readonly plugin: string | undefined;
  /** undefined: its plugin could not be asked. */
  readonly arguments: readonly { readonly name: string; readonly summary: string }[] | undefined;
  readonly options:
    | readonly {
        readonly flags: string;
        readonly summary: string;
        readonly defaultValue?: string | boolean;
      }[]
    | undefined;
  readonly notes?: string | undefined;
}

export interface MailErrorInfo {
  readonly code: string;
  readonly isTemporary: boolean;
  readonly meaning: string | undefined;
}

/** A page, by its path below docs/reference. */
export type Pages = ReadonlyMap<string, string>;
