/** As config.schema.json has it, defaults filled in. */
export interface HttpConfig {
  readonly url: string;
  readonly token?: string;
  readonly timeoutSeconds: number;
  readonly maxConcurrent: number;
  readonly cacheSeconds: number;
}
