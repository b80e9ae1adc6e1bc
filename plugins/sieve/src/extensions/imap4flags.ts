/** imap4flags (RFC 5232). */
import { type FlagSet, noFlags, systemFlagBit } from '@angarium/sdk';
import type { Call } from '../compiler/call.js';
import type { CommandDefinition, SieveExtension, TestDefinition } from '../compiler/extension.js';
import { SieveError } from '../language/problem.js';
import type { Run } from '../runtime/run.js';

/** No message gets more. */
const MAX_FLAGS = 64;
const MAX_FLAG = 200;

/** What a keyword may be: an atom of IMAP (RFC 9051 §9), ASCII. */
const KEYWORD = /^[^\s(){%*"\\\]\x00-\x1f\x7f-\uffff]+$/;

/** The flags of this action: those of `:flags`, else of the internal variable. */
export function flagsOf(call: Call): (run: Run) => FlagSet {
  if (!call.has(':flags')) return (run) => (run.flags.length === 0 ? noFlags : flagSet(run.flags));
  const texts = call.texts(':flags');
  return (run) => flagSet(splitFlags(texts(run)));
}

/** RFC 5232 §2: lists and strings with blanks are the same; no flag twice. */
export function splitFlags(texts: readonly string[]): string[] {
  const flags = new Map<string, string>();
  for (const flag of texts.flatMap((text) => text.split(/[ \t\r\n]+/))) {
    if (flag === '' || flag.length > MAX_FLAG || flags.size >= MAX_FLAGS) continue;
    if (!KEYWORD.test(flag.replace(/^\\/, ''))) continue;
    if (!flags.has(flag.toLowerCase())) flags.set(flag.toLowerCase(), flag);
  }
  return [...flags.values()];
}

/** What cannot be stored is left out (RFC 5232 §5). */
export function flagSet(flags: readonly string[]): FlagSet {
  let system = 0;
  const keywords: string[] = [];
  for (const flag of flags) {
    if (flag.startsWith('\\')) system |= systemFlagBit(flag) ?? 0;
    else keywords.push(flag);
  }
  return { system, keywords };
}

function change(
  name: string,
  combine: (old: readonly string[], given: readonly string[]) => string[],
): CommandDefinition {
  return {
    name,
    requires: 'imap4flags',
    positional: ['string', 'strings'],
    optional: 1,
    compile(call) {
      const variable = variableOf(call);
      const texts = call.texts(1);
      return (run) => {
        const old = variable === undefined ? run.flags : splitFlags([run.variable(variable)]);
        const flags = combine(old, splitFlags(texts(run)));
        if (variable === undefined) run.flags = flags;
        else run.set(variable, flags.join(' '));
      };
    },
  };
}

/** RFC 5232 §3: a named variable needs `variables`. */
function variableOf(call: Call): string | undefined {
  const argument = call.argument(0);
  if (argument === undefined) return undefined;
  call.compiler.checkRequired('variables', 'a variable for flags', argument.at);
  const name = call.constant(0)?.toLowerCase() ?? '';
  checkVariable(name, argument.at);
  call.compiler.declareVariable(name, argument.at);
  return name;
}

function checkVariable(name: string, at: SieveError['at']): void {
  if (!/^[a-z_][a-z0-9_]*$/.test(name))
    throw new SieveError(`${JSON.stringify(name)} is no name of a variable`, at);
}

const hasflag: TestDefinition = {
  name: 'hasflag',
  requires: 'imap4flags',
  positional: ['strings', 'strings'],
  optional: 1,
  matches: 'match',
  compile(call) {
    const argument = call.argument(0);
    if (argument !== undefined) call.compiler.checkRequired('variables', 'a list of variables', argument.at);
    const names = argument === undefined ? undefined : call.texts(0);
    const keys = call.texts(1);
    const matches = call.matcher();
    return (run) => {
      const flags =
        names === undefined
          ? run.flags
          : splitFlags(names(run).map((name) => run.variable(name.toLowerCase())));
      return matches(run, flags, keys(run));
    };
  },
};

const lower = (flags: readonly string[]): Set<string> => new Set(flags.map((flag) => flag.toLowerCase()));

export const imap4flagsExtension: SieveExtension = {
  names: ['imap4flags'],
  commands: [
    change('setflag', (_old, given) => [...given]),
    change('addflag', (old, given) => splitFlags([...old, ...given])),
    change('removeflag', (old, given) => old.filter((flag) => !lower(given).has(flag.toLowerCase()))),
  ],
  tests: [hasflag],
};
