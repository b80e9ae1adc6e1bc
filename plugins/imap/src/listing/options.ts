/** Grammar of LIST (RFC 3501 §9, RFC 5258 §6). */
import type { CommandLine, ListOption } from '@angarium/sdk';
import type { Features } from '../registry.js';

export interface GivenOption {
  readonly option: ListOption;
  readonly args: unknown;
}

export interface ListArguments {
  readonly reference: string;
  readonly patterns: readonly string[];
  readonly selection: readonly GivenOption[];
  /** With those that selection options imply. */
  readonly returns: readonly GivenOption[];
  /** In one of the forms of RFC 5258 §1. */
  readonly isExtended: boolean;
}

/** Nobody looks for half as many at once; each is matched against each name. */
const MAX_PATTERNS = 100;

/** What follows `LIST`. */
export function parseList(line: CommandLine, features: Features): ListArguments {
  line.sp();
  let isExtended = false;
  let selection: GivenOption[] = [];
  if (line.peek() === '(') {
    isExtended = true;
    selection = options(line, features, 'selection');
    line.sp();
  }
  const reference = line.mailbox();
  line.sp();
  let patterns = line.tryList(() => line.listMailbox());
  if (patterns === undefined) patterns = [line.listMailbox()];
  else isExtended = true;
  if (patterns.length > MAX_PATTERNS) line.fail(`at most ${MAX_PATTERNS} patterns`);
  let returns: GivenOption[] = [];
  if (line.trySp()) {
    isExtended = true;
    line.expect('RETURN');
    line.sp();
    returns = options(line, features, 'return');
  }
  checkCombination(line, selection);
  return { reference, patterns, selection, returns: withImplied(selection, returns, features), isExtended };
}

/** An option that is given twice counts once (RFC 5258 §3). */
function options(line: CommandLine, features: Features, place: ListOption['place']): GivenOption[] {
  const given = new Map<ListOption, GivenOption>();
  line.list(() => {
    const name = line.keyword();
    const option = features.listOption(place, name);
    if (option === undefined) return line.fail(`a ${place} option instead of ${name.slice(0, 40)}`);
    const args = option.parse?.(line);
    if (!given.has(option)) given.set(option, { option, args });
  }, 0);
  return [...given.values()];
}

/** RFC 5258 §3.1: RECURSIVEMATCH needs something to match. */
function checkCombination(line: CommandLine, selection: readonly GivenOption[]): void {
  const modifier = selection.find(({ option }) => option.kind === 'modifier');
  if (modifier === undefined || selection.some(({ option }) => isBase(option))) return;
  line.fail(`${modifier.option.name} beside another selection option`);
}

export function isBase({ kind }: ListOption): boolean {
  return kind === undefined || kind === 'base';
}

function withImplied(
  selection: readonly GivenOption[],
  returns: readonly GivenOption[],
  features: Features,
): GivenOption[] {
  const all = [...returns];
  for (const { option } of selection) {
    const implied = option.implies === undefined ? undefined : features.listOption('return', option.implies);
    if (implied === undefined || all.some((given) => given.option === implied)) continue;
    all.push({ option: implied, args: undefined });
  }
  return all;
}
