import { defineImapCommand } from '@angarium/sdk';

/** RFC 3501 §6.1.2: what is new is told at the end of every command. */
export const noop = defineImapCommand({
  name: 'NOOP',
  rfc: 'RFC 3501 §6.1.2',
  states: ['not-authenticated', 'authenticated', 'selected'],
  parse() {},
  async run() {},
});

/** RFC 3501 §6.4.1: everything is durable when it is done, so that there is nothing to check-point. */
export const check = defineImapCommand({
  name: 'CHECK',
  rfc: 'RFC 3501 §6.4.1',
  states: ['selected'],
  parse() {},
  async run() {},
});
