import { defineTextCommand, noArguments } from '@angarium/sdk';
import type { Pop3Session } from '../session.js';

/** RFC 6856 §2.1. */
export const utf8 = defineTextCommand({
  name: 'UTF8',
  syntax: 'UTF8',
  rfc: '6856#2.1',
  states: ['authorization'],
  parse: noArguments,
  run(session: Pop3Session) {
    session.isUtf8 = true;
    session.ok('UTF8 enabled');
  },
});
