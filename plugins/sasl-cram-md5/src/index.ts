/** SASL CRAM-MD5 (RFC 2195). */
import { definePlugin, part } from '@angarium/sdk';
import { CramMd5Registration } from './cram-md5.js';

export default definePlugin({ parts: [part(CramMd5Registration)] });
