/** A plugin `memory-store` that provides mail-store, change-feed and records without a disk. */
import { CHANGE_FEED, definePlugin, MAIL_STORE, provide, RECORDS } from '@angarium/sdk';
import { MemoryRecords } from './records.js';
import { MemoryMailStore } from './store.js';

export { MemoryMailStore, MemoryRecords };

export const memoryStorePlugin = definePlugin({
  provides: [provide([MAIL_STORE, CHANGE_FEED], MemoryMailStore), provide(RECORDS, MemoryRecords)],
});
