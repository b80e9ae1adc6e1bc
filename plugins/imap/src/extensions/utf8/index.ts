/**
 * UTF8=ACCEPT and UTF8=ONLY (RFC 6855; RFC 9755 from knowledge: plain literals may have UTF-8 headers too). Names and quoted
 * strings: wire/ and reply.ts; messages on their way in: append.ts.
 */
import { type CommandGuard, type ImapExtension, MailError } from '@angarium/sdk';
import type { ImapConfig } from '../../config.js';

const FEATURE = 'UTF8=ACCEPT';

/** May be used before ENABLE besides those for before login: nothing in them is a mailbox's name or a message. */
const neutral: ReadonlySet<string> = new Set([
  'ENABLE',
  'COMPRESS',
  'UNAUTHENTICATE',
  'IDLE',
  'GETJMAPACCESS',
]);

/** RFC 6855 §6: NO [CANNOT] for whatever might need UTF-8. */
const onlyWithUtf8: CommandGuard = {
  isActive: ({ state, enabled }) => state === 'authenticated' && !enabled.has(FEATURE),
  beforeParse(_session, { name, states }) {
    if (states.includes('not-authenticated') || neutral.has(name)) return;
    throw new MailError('CANNOT', `${name} needs ENABLE UTF8=ACCEPT on this server`);
  },
};

export function utf8Extension(offer: ImapConfig['utf8']): ImapExtension {
  if (offer === 'off') return { name: 'UTF8' };
  return {
    name: 'UTF8',
    // Never both (RFC 6855 §6). ONLY is news before login too.
    capabilities: [
      offer === 'only' ? { word: 'UTF8=ONLY' } : { word: FEATURE, states: ['authenticated', 'selected'] },
    ],
    enable: [{ name: FEATURE }],
    guards: offer === 'only' ? [onlyWithUtf8] : [],
  };
}
