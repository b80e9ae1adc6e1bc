/** SASL CRAM-MD5 (RFC 2195). */
import { adding, definePlugin, HOST, SASL_MECHANISMS } from '@angarium/sdk';
import { cramMd5 } from './cram-md5.js';

export default definePlugin({
  parts: [adding(SASL_MECHANISMS, [HOST], ({ serverName }) => [cramMd5(serverName)])],
});
