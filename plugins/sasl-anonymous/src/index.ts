/** SASL ANONYMOUS (RFC 4505). */
import { adding, CONFIG, definePlugin, LOGGER, SASL_MECHANISMS } from '@angarium/sdk';
import { type AnonymousConfig, anonymous } from './anonymous.js';

export default definePlugin({
  parts: [
    adding(SASL_MECHANISMS, [CONFIG, LOGGER], (config: AnonymousConfig, log) => [anonymous(config, log)]),
  ],
});
