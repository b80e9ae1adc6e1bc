/** Gmail's IMAP extensions (X-GM-EXT-1). No RFC: built from Google's description of them. */
import { definePlugin, part } from '@angarium/sdk';
import { GmailExtension } from './extension.js';

export default definePlugin({ parts: [part(GmailExtension)] });
