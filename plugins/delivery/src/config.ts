/** As config.schema.json has it, defaults filled in. */
export interface DeliveryConfig {
  readonly autocreateInbox: boolean;
  readonly anyDomain: boolean;
  /** Each character is one; '' for none. */
  readonly detailSeparator: string;
  /** '' for none. */
  readonly postmaster: string;
  readonly traceSize: number;
}
