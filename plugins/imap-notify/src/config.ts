/** The plugin's configuration; config.schema.json has the sentences and the defaults. */
export interface NotifyConfig {
  readonly maxMailboxes: number;
  readonly maxWaiting: number;
}
