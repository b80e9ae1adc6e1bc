/** A plugin `memory-store` that provides mail-store, change-feed and records without a disk. */
import { CHANGE_FEED, definePlugin, MAIL_STORE, provide, RECORDS } from '@angarium/sdk';
import { MemoryRecords } from './records.js';
import { MemoryMailStore } from './store.js';

export { MemoryMailStore, MemoryRecords };

/** For the `plugins` of createTestKernel. */
export const memoryStore = {
  name: 'memory-store',
  manifest: { provides: ['mail-store@1', 'change-feed@1', 'records@1'] },
  definition: definePlugin({
    provides: [provide([MAIL_STORE, CHANGE_FEED], MemoryMailStore), provide(RECORDS, MemoryRecords)],
  }),
};
