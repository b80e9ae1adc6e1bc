/**
 * The options that every command has. They may stand anywhere on the line (before `--`), so they are taken out
 * before the rest is parsed; their long names are therefore no plugin's. `-c` counts before the command only.
 */
import { CommandError } from '@angarium/sdk';
import type { LogFormat } from '../log/log.js';
import type { LogLevel } from '../manifest/manifest.js';
import { nearest } from '../text/nearest.js';

export interface GlobalOptions {
  readonly config: string | undefined;
  readonly data: string | undefined;
  readonly sets: readonly string[];
  readonly log: LogFormat | undefined;
  readonly logLevel: LogLevel | undefined;
  readonly isJson: boolean;
}

export const globalOptionHelp: readonly (readonly [flags: string, summary: string])[] = [
  ['-c, --config <file>', 'the manifest (default: angarium.yaml here or in a folder above)'],
  ['--data <dir>', 'the data folder, instead of the manifest’s (or ANGARIUM_DATA)'],
  ['--set <path=value>', 'a value of the manifest, for this run (repeatable)'],
  ['--log <format>', 'json, pretty or auto'],
  ['--log-level <level>', 'debug, info, warn, error or silent (or LOG)'],
  ['--json', 'the result as JSON'],
];

export const reservedFlags: ReadonlySet<string> = new Set([
  '--config',
  '--data',
  '--set',
  '--log',
  '--log-level',
  '--json',
  '--help',
  '-h',
]);

const logFormats: readonly LogFormat[] = ['auto', 'pretty', 'json'];
const logLevels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error', 'silent'];
const withValue = new Set(['-c', '--config', '--data', '--set', '--log', '--log-level']);

/** @throws CommandError of status 2. */
export function takeGlobalOptions(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): { readonly options: GlobalOptions; readonly rest: string[] } {
  const rest: string[] = [];
  const values = new Map<string, string>();
  const sets: string[] = [];
  let isJson = false;
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at]!;
    if (word === '--') {
      rest.push(...argv.slice(at));
      break;
    }
    const [name, inline] = split(word);
    const isOurs = withValue.has(name) && (name !== '-c' || rest.length === 0);
    if (word === '--json') isJson = true;
    else if (!isOurs) rest.push(word);
    else {
      const value = inline ?? argv[++at];
      if (value === undefined) throw new CommandError(`${name} needs a value`, 2);
      if (name === '--set') sets.push(value);
      else values.set(name === '-c' ? '--config' : name, value);
    }
  }
  const options: GlobalOptions = {
    config: values.get('--config'),
    data: values.get('--data'),
    sets,
    log: oneOf('--log', values.get('--log'), logFormats),
    logLevel: oneOf('--log-level', values.get('--log-level') ?? (env['LOG'] || undefined), logLevels),
    isJson,
  };
  return { options, rest };
}

function split(word: string): [name: string, inline: string | undefined] {
  const at = word.startsWith('--') ? word.indexOf('=') : -1;
  return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
}

function oneOf<T extends string>(
  name: string,
  value: string | undefined,
  allowed: readonly T[],
): T | undefined {
  if (value === undefined || (allowed as readonly string[]).includes(value)) return value as T | undefined;
  const near = nearest(value, allowed);
  const hint = near === undefined ? '' : `, did you mean "${near}"?`;
  throw new CommandError(`${name}: "${value}" is not one of ${allowed.join(', ')}${hint}`, 2);
}
