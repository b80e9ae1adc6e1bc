/** IMAP for access control lists: ACL (RFC 4314), LIST-MYRIGHTS (RFC 8440). */
import { ACCESS_LISTS, definePlugin, IMAP_EXTENSIONS, part } from '@angarium/sdk';
import { AclImap } from './extensions.js';

export default definePlugin({ parts: [part(AclImap, { when: [IMAP_EXTENSIONS, ACCESS_LISTS] })] });
