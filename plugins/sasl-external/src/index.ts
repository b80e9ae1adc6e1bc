/** SASL EXTERNAL (RFC 4422, appendix A): whom a TLS client certificate names. */
import { adding, CONFIG, definePlugin, SASL_MECHANISMS } from '@angarium/sdk';
import { external } from './external.js';
import type { ExternalConfig } from './names.js';

export default definePlugin({
  parts: [adding(SASL_MECHANISMS, [CONFIG], (config: ExternalConfig) => [external(config)])],
});
