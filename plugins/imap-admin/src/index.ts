/** Commands of Cyrus that administrators send over IMAP, mostly by cyradm; no RFC has them. */
import { definePlugin, IMAP_EXTENSIONS, part } from '@angarium/sdk';
import { AdminCommands } from './commands.js';

export default definePlugin({ parts: [part(AdminCommands, { when: [IMAP_EXTENSIONS] })] });
