import { CHANGE_FEED, MAIL_STORE, RECORDS } from '@angarium/sdk';
import { ManualClock } from '../clock.js';
import { mailStoreContract } from '../contracts/index.js';
import { createTestKernel } from '../kernel.js';
import { memoryStore } from './index.js';

mailStoreContract('memory-store', async () => {
  const clock = new ManualClock();
  const kernel = await createTestKernel({ plugins: [memoryStore], clock });
  return {
    store: kernel.get(MAIL_STORE),
    feed: kernel.get(CHANGE_FEED),
    records: kernel.get(RECORDS),
    now: () => clock.now(),
    advance: (byMs) => clock.advance(byMs),
    [Symbol.asyncDispose]: () => kernel[Symbol.asyncDispose](),
  };
});
