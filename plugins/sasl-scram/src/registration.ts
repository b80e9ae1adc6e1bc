import {
  CONFIG,
  Component,
  folderKey,
  HOST,
  type Host,
  inject,
  injectable,
  type Registry,
  SASL_MECHANISMS,
  type SaslMechanism,
} from '@angarium/sdk';
import { type ScramConfig, scramMechanisms } from './mechanisms.js';

@injectable()
export class ScramRegistration extends Component {
  constructor(
    @inject(CONFIG) private readonly config: ScramConfig,
    @inject(HOST) private readonly host: Host,
    @inject(SASL_MECHANISMS) private readonly mechanisms: Registry<SaslMechanism>,
  ) {
    super();
  }

  override start(): void {
    const decoyKey = folderKey(this.host.dataDir, 'scram-decoys');
    this.own(this.mechanisms.add(...scramMechanisms(this.config, decoyKey)));
  }
}
