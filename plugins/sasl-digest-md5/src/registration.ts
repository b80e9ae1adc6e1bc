import {
  CONFIG,
  Component,
  HOST,
  type Host,
  inject,
  injectable,
  type Registry,
  SASL_MECHANISMS,
  type SaslMechanism,
} from '@angarium/sdk';
import { digestMd5 } from './exchange.js';

/** As config.schema.json has it, defaults filled in. */
export interface DigestMd5Config {
  readonly realm: string;
}

@injectable()
export class DigestMd5Registration extends Component {
  constructor(
    @inject(CONFIG) private readonly config: DigestMd5Config,
    @inject(HOST) private readonly host: Host,
    @inject(SASL_MECHANISMS) private readonly mechanisms: Registry<SaslMechanism>,
  ) {
    super();
  }

  override start(): void {
    this.own(this.mechanisms.add(digestMd5(this.config.realm || this.host.serverName)));
  }
}
