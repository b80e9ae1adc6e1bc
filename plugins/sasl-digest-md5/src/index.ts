/** SASL DIGEST-MD5 (RFC 2831), which RFC 6331 calls historic. */
import { adding, CONFIG, definePlugin, HOST, SASL_MECHANISMS } from '@angarium/sdk';
import { digestMd5 } from './exchange.js';

/** As config.schema.json has it, defaults filled in. */
interface DigestMd5Config {
  readonly realm: string;
}

export default definePlugin({
  parts: [
    adding(SASL_MECHANISMS, [CONFIG, HOST], ({ realm }: DigestMd5Config, { serverName }) => [
      digestMd5(realm || serverName),
    ]),
  ],
});
