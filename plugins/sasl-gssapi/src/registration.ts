import {
  CONFIG,
  Component,
  inject,
  injectable,
  LOGGER,
  type Logger,
  type Registry,
  SASL_MECHANISMS,
  type SaslMechanism,
} from '@angarium/sdk';
import { type GssapiConfig, gssapi } from './mechanism.js';

@injectable()
export class GssapiRegistration extends Component {
  constructor(
    @inject(CONFIG) private readonly config: GssapiConfig,
    @inject(LOGGER) private readonly log: Logger,
    @inject(SASL_MECHANISMS) private readonly mechanisms: Registry<SaslMechanism>,
  ) {
    super();
  }

  /** Without the library the others go on; the log says what is missing. */
  override async start(): Promise<void> {
    try {
      const { loadGss } = await import('./koffi-gss.js');
      this.own(this.mechanisms.add(gssapi(this.config, loadGss(this.config))));
    } catch (error) {
      this.log.error('GSSAPI is not offered: the Kerberos library cannot be loaded', { err: error });
    }
  }
}
