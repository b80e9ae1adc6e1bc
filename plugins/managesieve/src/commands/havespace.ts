import { defineSieveCommand } from '../command.js';
import { scriptNameArgument } from '../script-name.js';
import { tooBig } from './putscript.js';
import { refuseOverQuota } from './why.js';

/** RFC 5804 §2.5. */
export const havespace = defineSieveCommand({
  name: 'HAVESPACE',
  rfc: '5804#2.5',
  states: ['authenticated'],
  async parse(input) {
    const name = await scriptNameArgument(input);
    input.space();
    return { name, octets: input.number('the size of the script') };
  },
  async run(session, { name, octets }) {
    const { scripts } = session.environment;
    if (octets > scripts.limits.octets) throw tooBig(scripts.limits.octets);
    try {
      await scripts.haveSpace(session.user, name, octets);
    } catch (error) {
      return await refuseOverQuota(session, name, error);
    }
    session.ok();
  },
});
