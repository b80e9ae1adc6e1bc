/** All commands; the dispatcher knows none by name. */
import type { SieveCommand } from '../command.js';
import { authenticate } from './authenticate.js';
import { capability } from './capability.js';
import { havespace } from './havespace.js';
import { checkscript, putscript } from './putscript.js';
import { deletescript, getscript, listscripts, renamescript, setactive } from './scripts.js';
import { logout, noop, unauthenticate } from './small.js';
import { starttls } from './starttls.js';

const commands: ReadonlyMap<string, SieveCommand> = new Map(
  [
    authenticate,
    capability,
    checkscript,
    deletescript,
    getscript,
    havespace,
    listscripts,
    logout,
    noop,
    putscript,
    renamescript,
    setactive,
    starttls,
    unauthenticate,
  ].map((command) => [command.name, command]),
);

/** @param name in upper case */
export function commandNamed(name: string): SieveCommand | undefined {
  return commands.get(name);
}
