/** SASL DIGEST-MD5 (RFC 2831), which RFC 6331 calls historic. */
import { definePlugin, part } from '@angarium/sdk';
import { DigestMd5Registration } from './registration.js';

export default definePlugin({ parts: [part(DigestMd5Registration)] });
