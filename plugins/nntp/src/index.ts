/** NNTP (RFC 3977): shared mailboxes as newsgroups. */
import { definePlugin, part } from '@angarium/sdk';
import { NntpService } from './nntp-service.js';

export default definePlugin({ parts: [part(NntpService)] });
