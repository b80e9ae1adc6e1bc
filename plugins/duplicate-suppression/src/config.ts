/** As config.schema.json has it, defaults filled in. */
export interface DuplicateConfig {
  readonly windowDays: number;
  readonly maxEntries: number;
  readonly pruneMinutes: number;
  readonly holdSeconds: number;
}
