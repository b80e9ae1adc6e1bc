/** As config.schema.json has it, defaults filled in. */
export interface VirtualHostingConfig {
  readonly virtdomains: 'off' | 'userid' | 'on';
  /** '' for what `authentication` says. */
  readonly defaultDomain: string;
  /** Absent: any. */
  readonly domains?: Readonly<Record<string, DomainConfig>>;
  /** '' for none. */
  readonly catchall: string;
  readonly aliases: Readonly<Record<string, string>>;
  /** '' for none; relative to the data folder. */
  readonly aliasesFile: string;
  readonly interfaces: Readonly<Record<string, string>>;
  readonly reverseLookup: boolean;
}

/** What holds for one domain. */
export interface DomainConfig {
  readonly aliases: readonly string[];
  readonly catchall?: string;
  readonly disabled: 'no' | 'logins' | 'all';
  readonly maxUsers?: number;
  readonly maxMailboxes?: number;
  readonly maxMessageBytes?: number;
}
