import { writeCapabilities } from '../capabilities.js';
import { anyState, defineSieveCommand } from '../command.js';

/** RFC 5804 §2.4. */
export const capability = defineSieveCommand({
  name: 'CAPABILITY',
  rfc: '5804#2.4',
  states: anyState,
  parse() {},
  run(session) {
    writeCapabilities(session);
    session.ok();
  },
});
