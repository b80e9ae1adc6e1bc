/** As config.schema.json has it, defaults filled in. */
export interface AuthenticationConfig {
  readonly admins: readonly string[];
  readonly allowPlaintext: boolean;
  /** Milliseconds. */
  readonly failedLoginPause: number;
  readonly usernameToLower: boolean;
  /** '' for none. */
  readonly defaultDomain: string;
  readonly mechanisms?: readonly string[];
}
