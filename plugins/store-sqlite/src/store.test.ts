import { mailStoreContract } from '@angarium/testing/contracts';
import { openTestEngine } from './engine.test.support.js';

for (const shards of [1, 8]) {
  mailStoreContract(`store-sqlite, ${shards} shards`, async () => {
    const { engine, clock, close } = await openTestEngine({ config: { shards } });
    return {
      store: engine,
      feed: engine.feed,
      records: engine.records,
      now: () => clock.now(),
      advance: (byMs) => {
        clock.ms += byMs;
      },
      [Symbol.asyncDispose]: close,
    };
  });
}
