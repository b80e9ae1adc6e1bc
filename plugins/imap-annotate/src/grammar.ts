/** Entries, attributes and their values (RFC 5257 §3.2, §5). */
import { type CommandLine, ImapSyntaxError } from '@angarium/sdk';

export type Scope = 'priv' | 'shared';

/** What is asked of an entry. */
export interface Attribute {
  readonly what: 'value' | 'size';
  readonly scope: Scope;
}

const MAX_NAME = 1024;
/** Names and patterns of one command; each is looked for in each message. */
const MAX_NAMES = 100;

/** `/comment`, `/1.2/comment`: case counts. */
export function parseEntry(line: CommandLine): string {
  const name = line.astring();
  if (!isEntry(name)) line.fail('the name of an entry');
  return name;
}

function isEntry(name: string): boolean {
  if (!name.startsWith('/') || name.length > MAX_NAME || /\/\/|\/$|[*%\x00-\x1f\x7f-\xff]/.test(name))
    return false;
  const [, first = ''] = name.split('/');
  // A part of the message, and something of it.
  return !/^[0-9]/.test(first) || (/^[1-9]\d*(\.[1-9]\d*)*$/.test(first) && name.length > first.length + 1);
}

/** The part that an entry is about; undefined: the whole message. */
export function partOf(entry: string): readonly number[] | undefined {
  const [, first = ''] = entry.split('/');
  return /^[0-9]/.test(first) ? first.split('.').map(Number) : undefined;
}

/** entry-match: `*` and `%` stand for any text, `%` for none with a `/`. */
export function parsePattern(line: CommandLine): string {
  const text = line.listMailbox();
  if (text.length > MAX_NAME || !/^[/*%]/.test(text) || /[\x00-\x1f\x7f-\uffff]/.test(text))
    line.fail('an entry');
  if (!/[*%]/.test(text) && !isEntry(text)) line.fail('an entry');
  return text;
}

/** One, or several in parentheses. */
export function several<T>(line: CommandLine, one: () => T): readonly T[] {
  const all = line.tryList(one) ?? [one()];
  if (all.length > MAX_NAMES) line.fail(`at most ${MAX_NAMES} names`);
  return all;
}

/** `value`, `size.priv`, …; without a suffix both are meant (RFC 5257 §3.2.2). */
export function parseAttributes(line: CommandLine): readonly Attribute[] {
  const all = several(line, () => parseAttribute(line)).flat();
  return all.filter(
    (one, at) => all.findIndex((other) => other.what === one.what && other.scope === one.scope) === at,
  );
}

export function parseAttribute(line: CommandLine): readonly Attribute[] {
  const name = line.astring();
  const [, what, suffix] = /^(value|size)(?:\.(priv|shared))?$/.exec(name) ?? line.fail('value or size');
  const scopes: readonly Scope[] = suffix === undefined ? ['priv', 'shared'] : [suffix as Scope];
  return scopes.map((scope) => ({ what: what as Attribute['what'], scope }));
}

/** What is to be set: by scope, entry → value; undefined removes it. */
export type Entries = Readonly<Record<Scope, ReadonlyMap<string, Uint8Array | undefined>>>;

/** `(/comment (value.priv "x" value.shared NIL) …)` (att-annotate, RFC 5257 §5). */
export function parseEntries(line: CommandLine): Entries {
  const entries = {
    priv: new Map<string, Uint8Array | undefined>(),
    shared: new Map<string, Uint8Array | undefined>(),
  };
  line.list(() => {
    const entry = parseEntry(line);
    line.sp();
    line.list(() => {
      const attribute = line.astring();
      const [, scope] = /^value\.(priv|shared)$/.exec(attribute) ?? line.fail('value.priv or value.shared');
      line.sp();
      const octets = line.octets();
      checkFlagValue(entry, octets);
      entries[scope as Scope].set(entry, octets === undefined ? undefined : Buffer.from(octets, 'latin1'));
    });
  });
  if (entries.priv.size + entries.shared.size > MAX_NAMES) line.fail(`at most ${MAX_NAMES} values`);
  return entries;
}

const partFlags = /^\/[1-9][\d.]*\/flags\/(.*)$/;

/** RFC 5257 §3.2.1: flags of body parts are 1 or 0; `/flags` of the message is reserved. */
function checkFlagValue(entry: string, octets: string | undefined): void {
  if (entry === '/flags' || entry.startsWith('/flags/')) throw new ImapSyntaxError('/flags is reserved');
  const flag = partFlags.exec(entry)?.[1];
  if (flag === undefined) return;
  if (!['seen', 'answered', 'flagged', 'forwarded'].includes(flag))
    throw new ImapSyntaxError('there is no such flag');
  if (octets !== undefined && octets !== '0' && octets !== '1')
    throw new ImapSyntaxError('a flag is "1", "0" or NIL');
}
