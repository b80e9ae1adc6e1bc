/** As config.schema.json has it, defaults filled in. */
export interface AuthNetworksConfig {
  readonly rules: readonly RuleConfig[];
}

export interface RuleConfig {
  readonly users: readonly string[];
  readonly groups: readonly string[];
  readonly services?: readonly string[];
  readonly networks: readonly string[];
}
