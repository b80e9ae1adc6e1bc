/** Mail to shared mailboxes by address. */
import { definePlugin, part } from '@angarium/sdk';
import { SharedPosting } from './shared-posting.js';

export default definePlugin({ parts: [part(SharedPosting)] });
