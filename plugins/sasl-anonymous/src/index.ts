/** SASL ANONYMOUS (RFC 4505). */
import { definePlugin, part } from '@angarium/sdk';
import { AnonymousRegistration } from './anonymous.js';

export default definePlugin({ parts: [part(AnonymousRegistration)] });
