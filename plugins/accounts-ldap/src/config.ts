/** As config.schema.json has it, defaults filled in. */
export interface LdapConfig {
  readonly urls: readonly string[];
  readonly startTls: boolean;
  readonly tlsAuthority?: string;
  readonly bindDn?: string;
  readonly bindPassword?: string;
  readonly base: string;
  readonly scope: 'sub' | 'one';
  readonly filter: string;
  readonly userAttribute: string;
  /** '' for any. */
  readonly domain: string;
  readonly nameAttribute: string;
  readonly idAttribute: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly disabled?: {
    readonly attribute: string;
    readonly values?: readonly string[];
    readonly bit?: number;
  };
  readonly groups?: {
    readonly attribute?: string;
    readonly base?: string;
    readonly filter: string;
    readonly nameAttribute: string;
  };
  readonly timeoutSeconds: number;
  readonly maxBinds: number;
  readonly cacheSeconds: number;
}
