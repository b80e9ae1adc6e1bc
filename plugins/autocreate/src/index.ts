/** INBOX, folders and quota for new users. */
import { definePlugin, INBOX_PROVISION, provide } from '@angarium/sdk';
import { Autocreate } from './autocreate.js';

export default definePlugin({ provides: [provide(INBOX_PROVISION, Autocreate)] });
