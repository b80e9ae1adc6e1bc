/** How a line about one message begins; all who write such lines begin them here. */
import type { ImapSession } from './session.js';

/** `* 5 FETCH (`, or `* 4711 UIDFETCH (` for clients that have given numbers up (RFC 9586 §3.3). */
export type FetchHead = (number: number, uid: number) => string;

const byNumber: FetchHead = (number) => `* ${number} FETCH (`;
const byUid: FetchHead = (_number, uid) => `* ${uid} UIDFETCH (`;

/** Ask once a command. */
export function fetchHead(session: Pick<ImapSession, 'enabled'>): FetchHead {
  return session.enabled.has('UIDONLY') ? byUid : byNumber;
}
