/** PUTSCRIPT and CHECKSCRIPT: a script is refused by its size before any of it is read. */
import { MailError, type SieveCheck, type SieveProblem } from '@angarium/sdk';
import { defineSieveCommand } from '../command.js';
import { MAX_PROBLEMS_TOLD } from '../limits.js';
import { scriptNameArgument } from '../script-name.js';
import type { ManageSieveSession } from '../session.js';
import { type CommandInput, StringTooLong } from '../wire/command-input.js';
import { refuseOverQuota } from './why.js';

/** RFC 5804 §2.6. */
export const putscript = defineSieveCommand({
  name: 'PUTSCRIPT',
  rfc: '5804#2.6',
  states: ['authenticated'],
  async parse(input, maxScriptBytes) {
    const name = await scriptNameArgument(input);
    return { name, script: await scriptArgument(input, maxScriptBytes) };
  },
  async run(session, { name, script }) {
    // It SHOULD be disallowed; a client that empties a script by mistake keeps the old one.
    if (script.length === 0) return session.no('An empty script is not stored');
    try {
      tell(session, await session.environment.scripts.put(session.user, name, script));
    } catch (error) {
      await refuseOverQuota(session, name, error);
    }
  },
});

/** RFC 5804 §2.12: quotas do not count here, but for the size up to which a script is compiled. */
export const checkscript = defineSieveCommand({
  name: 'CHECKSCRIPT',
  rfc: '5804#2.12',
  states: ['authenticated'],
  parse: scriptArgument,
  async run(session, script) {
    tell(session, await session.environment.scripts.check(script));
  },
});

export function tooBig(maxOctets: number): MailError {
  return new MailError('TOOBIG', `The script is too large, at most ${maxOctets} octets`);
}

async function scriptArgument(input: CommandInput, maxScriptBytes: number): Promise<Buffer> {
  input.space();
  try {
    return await input.string('a script', maxScriptBytes);
  } catch (error) {
    if (error instanceof StringTooLong) throw tooBig(maxScriptBytes);
    throw error;
  }
}

function tell(session: ManageSieveSession, { errors, warnings }: SieveCheck): void {
  if (errors.length > 0) session.no(describe(errors));
  else if (warnings.length > 0) session.ok(describe(warnings), 'WARNINGS');
  else session.ok();
}

/** A problem a line, as compilers do. */
function describe(problems: readonly SieveProblem[]): string {
  const told = problems.slice(0, MAX_PROBLEMS_TOLD).map(({ line, column, message }) => {
    return `line ${line}: ${message.replace(/[\r\n]+/g, ' ')} (column ${column})`;
  });
  if (problems.length > told.length) told.push(`and ${problems.length - told.length} more`);
  return told.join('\r\n');
}
