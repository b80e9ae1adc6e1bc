import type { ManageSieveSession, StateName } from './session.js';
import type { CommandInput } from './wire/command-input.js';

/** A command of the protocol: name, states, grammar, handler. The table of them is the feature list. */
export interface SieveCommand<A = unknown> {
  /** Upper case. */
  readonly name: string;
  /** `5804#2.6` */
  readonly rfc: string;
  readonly states: readonly StateName[];
  /** Cannot see the session. @param maxScriptBytes of a script. @throws WireError, StringTooLong, ReadError */
  parse(input: CommandInput, maxScriptBytes: number): A | Promise<A>;
  /** Cannot see the line. Writes exactly one reply. @throws MailError, WireError */
  run(session: ManageSieveSession, args: A): void | Promise<void>;
}

/** Keeps A inferred from `parse` to `run`. */
export function defineSieveCommand<A>(command: SieveCommand<A>): SieveCommand {
  return command as SieveCommand;
}

export const anyState: readonly StateName[] = ['not-authenticated', 'authenticated'];
