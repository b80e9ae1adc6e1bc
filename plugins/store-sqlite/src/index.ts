import { CHANGE_FEED, definePlugin, MAIL_STORE, provide, RECORDS, STORE_REPAIR } from '@angarium/sdk';
import { SqliteStore } from './store.js';

export default definePlugin({
  provides: [provide([MAIL_STORE, CHANGE_FEED, RECORDS, STORE_REPAIR], SqliteStore)],
});
