/** SCRAM-SHA-1, -256, -512 and their -PLUS forms. */
import { adding, CONFIG, definePlugin, folderKey, HOST, SASL_MECHANISMS } from '@angarium/sdk';
import { type ScramConfig, scramMechanisms } from './mechanisms.js';

export default definePlugin({
  parts: [
    adding(SASL_MECHANISMS, [CONFIG, HOST], (config: ScramConfig, { dataDir }) =>
      scramMechanisms(config, folderKey(dataDir, 'scram-decoys')),
    ),
  ],
});
