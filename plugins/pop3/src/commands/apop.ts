import { defineTextCommand } from '@angarium/sdk';
import { Pop3Refusal } from '../replies.js';
import type { Pop3Session } from '../session.js';

/** RFC 1939 §7; the name may be UTF-8 (RFC 6856 §2.2). */
export const apop = defineTextCommand({
  name: 'APOP',
  syntax: 'APOP name digest',
  rfc: '1939#7',
  states: ['authorization'],
  isSecret: true,
  parse: (args) => Buffer.from(args.rest(), 'latin1'),
  async run(session: Pop3Session, message) {
    const { apop: method, authentication } = session.environment;
    const { timestamp } = session;
    if (method === undefined || timestamp === undefined) {
      throw new Pop3Refusal(undefined, 'APOP is not offered');
    }
    const context = method.contextFor(session.authContext, timestamp);
    await session.logIn(async () => {
      const step = await authentication.begin(method.mechanism.name, context).respond(message);
      if ('identity' in step) return step.identity;
      throw new Error('APOP has no challenges');
    });
  },
});
