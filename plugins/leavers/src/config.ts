/** As config.schema.json has it, defaults filled in. */
export interface LeaversConfig {
  /** `HHMM` */
  readonly at: string;
  readonly days: number;
}
