/** INBOX, folders and quota for new users. */
import { definePlugin, part } from '@angarium/sdk';
import { Autocreate } from './autocreate.js';

export default definePlugin({ parts: [part(Autocreate)] });
