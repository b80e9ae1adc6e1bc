/** SASL GSSAPI (RFC 4752), with the Kerberos library of the machine. */
import {
  adding,
  CONFIG,
  definePlugin,
  LOGGER,
  type Logger,
  SASL_MECHANISMS,
  type SaslMechanism,
} from '@angarium/sdk';
import { type GssapiConfig, gssapi } from './mechanism.js';

/** Without the library the others go on; the log says what is missing. */
async function mechanisms(config: GssapiConfig, log: Logger): Promise<readonly SaslMechanism[]> {
  try {
    const { loadGss } = await import('./koffi-gss.js');
    return [gssapi(config, loadGss(config))];
  } catch (error) {
    log.error('GSSAPI is not offered: the Kerberos library cannot be loaded', { err: error });
    return [];
  }
}

export default definePlugin({ parts: [adding(SASL_MECHANISMS, [CONFIG, LOGGER], mechanisms)] });
