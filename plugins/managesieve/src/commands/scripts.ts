/** Commands about scripts that are there. */
import { defineSieveCommand } from '../command.js';
import { activeNameArgument, scriptNameArgument } from '../script-name.js';
import { encodeText } from '../wire/line.js';
import { refuseActive } from './why.js';

/** RFC 5804 §2.7. */
export const listscripts = defineSieveCommand({
  name: 'LISTSCRIPTS',
  rfc: '5804#2.7',
  states: ['authenticated'],
  parse() {},
  async run(session) {
    const { scripts } = session.environment;
    for (const { name, active } of await scripts.list(session.user)) {
      session.reply(`${encodeText(name)}${active ? ' ACTIVE' : ''}`);
    }
    session.ok();
  },
});

/** RFC 5804 §2.8. */
export const setactive = defineSieveCommand({
  name: 'SETACTIVE',
  rfc: '5804#2.8',
  states: ['authenticated'],
  parse: activeNameArgument,
  async run(session, name) {
    await session.environment.scripts.setActive(session.user, name);
    session.ok();
  },
});

/** RFC 5804 §2.9. */
export const getscript = defineSieveCommand({
  name: 'GETSCRIPT',
  rfc: '5804#2.9',
  states: ['authenticated'],
  parse: scriptNameArgument,
  async run(session, name) {
    const script = await session.environment.scripts.get(session.user, name);
    // A literal always: clients that parse this line by hand know no other.
    session.write(`{${script.length}}\r\n`);
    session.write(script);
    session.write('\r\n');
    session.ok();
  },
});

/** RFC 5804 §2.10. */
export const deletescript = defineSieveCommand({
  name: 'DELETESCRIPT',
  rfc: '5804#2.10',
  states: ['authenticated'],
  parse: scriptNameArgument,
  async run(session, name) {
    try {
      await session.environment.scripts.delete(session.user, name);
    } catch (error) {
      return await refuseActive(session, name, error);
    }
    session.ok();
  },
});

/** RFC 5804 §2.11. */
export const renamescript = defineSieveCommand({
  name: 'RENAMESCRIPT',
  rfc: '5804#2.11',
  states: ['authenticated'],
  async parse(input) {
    return { from: await scriptNameArgument(input), to: await scriptNameArgument(input) };
  },
  async run(session, { from, to }) {
    await session.environment.scripts.rename(session.user, from, to);
    session.ok();
  },
});
