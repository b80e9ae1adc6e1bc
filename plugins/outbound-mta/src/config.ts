/** As config.schema.json has it, defaults filled in. */
export interface OutboundConfig {
  readonly host: string;
  readonly port: number;
  readonly tls: 'opportunistic' | 'starttls' | 'implicit' | 'none';
  /** '' for what is not set. */
  readonly user: string;
  readonly passwordFile: string;
  readonly sendmail: string;
  readonly connections: number;
  readonly maxWaiting: number;
  readonly timeoutSeconds: number;
}
