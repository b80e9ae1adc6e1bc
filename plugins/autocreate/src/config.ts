/** As config.schema.json has it, defaults filled in. */
export interface AutocreateConfig {
  readonly login: boolean;
  readonly post: boolean;
  readonly users: readonly string[];
  /** 0 for none. */
  readonly quotaKiB: number;
  /** 0 for none. */
  readonly quotaMessages: number;
  readonly folders: readonly (string | FolderConfig)[];
  readonly subscribeFolders: boolean;
  readonly subscribeShared: readonly string[];
}

export interface FolderConfig {
  /** Levels separated by `/`. */
  readonly name: string;
  readonly specialUse?: string;
  readonly subscribe?: boolean;
  readonly acl?: Readonly<Record<string, string>>;
}
