/** IMAP4rev1 (RFC 3501), and the registry that its extensions grow on. */
import { definePlugin, IMAP_EXTENSIONS, part, provide } from '@angarium/sdk';
import { ExtensionRegistry } from './registry.js';
import { ImapService } from './service.js';

export default definePlugin({
  provides: [provide(IMAP_EXTENSIONS, ExtensionRegistry)],
  parts: [part(ImapService)],
});
