/** As config.schema.json has it, defaults filled in. */
export interface AuthLogConfig {
  readonly file: string;
  readonly successes: boolean;
}
