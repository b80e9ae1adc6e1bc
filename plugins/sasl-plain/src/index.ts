/** SASL PLAIN (RFC 4616). */
import { definePlugin, part } from '@angarium/sdk';
import { PlainRegistration } from './plain.js';

export default definePlugin({ parts: [part(PlainRegistration)] });
