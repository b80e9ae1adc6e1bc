/** As config.schema.json has it, defaults filled in; seconds. */
export interface AuthLimitsConfig {
  readonly window: number;
  readonly failuresByAddress: number;
  readonly blockFor: number;
  readonly failuresByAccount: number;
  readonly maxDelay: number;
  readonly neverBlock: readonly string[];
}
