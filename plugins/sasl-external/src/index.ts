/** SASL EXTERNAL (RFC 4422, appendix A): whom a TLS client certificate names. */
import { definePlugin, part } from '@angarium/sdk';
import { ExternalRegistration } from './external.js';

export default definePlugin({ parts: [part(ExternalRegistration)] });
