/** SASL GSSAPI (RFC 4752), with the Kerberos library of the machine. */
import { definePlugin, part } from '@angarium/sdk';
import { GssapiRegistration } from './registration.js';

export default definePlugin({ parts: [part(GssapiRegistration)] });
