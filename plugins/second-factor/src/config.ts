/** As config.schema.json has it, defaults filled in. */
export interface SecondFactorConfig {
  readonly askedBy: readonly string[];
  readonly elsewhere: 'application-passwords' | 'password';
  /** '' for the server's name. */
  readonly issuer: string;
  /** Time steps. */
  readonly drift: number;
  readonly wrongCodes: number;
}
