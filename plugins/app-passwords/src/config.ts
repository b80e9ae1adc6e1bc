/** As config.schema.json has it, defaults filled in. */
export interface AppPasswordsConfig {
  readonly perUser: number;
}
