import { anyState, defineSieveCommand } from '../command.js';
import { MAX_TAG_BYTES } from '../limits.js';
import { encodeString } from '../wire/line.js';

/** RFC 5804 §2.3. What comes behind it is not looked at. */
export const logout = defineSieveCommand({
  name: 'LOGOUT',
  rfc: '5804#2.3',
  states: anyState,
  parse() {},
  run(session) {
    session.ok('Logout completed');
    session.end();
  },
});

/** RFC 5804 §2.13. */
export const noop = defineSieveCommand({
  name: 'NOOP',
  rfc: '5804#2.13',
  states: anyState,
  async parse(input) {
    if (!input.hasMore) return undefined;
    input.space();
    return await input.string('a tag', MAX_TAG_BYTES);
  },
  run(session, tag) {
    if (tag === undefined) session.ok('NOOP completed');
    else session.ok('Done', `TAG ${encodeString(tag)}`);
  },
});

/** RFC 5804 §2.14.1. It never fails. */
export const unauthenticate = defineSieveCommand({
  name: 'UNAUTHENTICATE',
  rfc: '5804#2.14.1',
  states: ['authenticated'],
  parse() {},
  run(session) {
    session.logOut();
    session.ok();
  },
});
