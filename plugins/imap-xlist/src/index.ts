/** XLIST, as Gmail had it before RFC 6154. */
import { definePlugin, IMAP_EXTENSIONS, IMAP_LISTING, part } from '@angarium/sdk';
import { XlistRegistration } from './xlist.js';

export default definePlugin({
  parts: [part(XlistRegistration, { when: [IMAP_EXTENSIONS, IMAP_LISTING] })],
});
