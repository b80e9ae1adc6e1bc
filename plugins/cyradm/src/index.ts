/** cyradm: Cyrus's administration shell, for any IMAP server. */
import { definePlugin, part } from '@angarium/sdk';
import { CyradmCommand } from './command.js';

export default definePlugin({ parts: [part(CyradmCommand)] });
