/** As config.schema.json has it, defaults filled in. */
export interface SaslauthdConfig {
  readonly path: string;
  /** '' for the protocol's. */
  readonly service: string;
  readonly realm: string;
  readonly assumeAccounts: boolean;
  readonly timeoutSeconds: number;
  readonly maxConcurrent: number;
  readonly cacheSeconds: number;
}
