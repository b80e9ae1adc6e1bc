/** Names of entries (RFC 5464 §3.2). */
import type { CommandLine } from '@angarium/sdk';

/** Long enough for anybody; a mailbox's names are read whole. */
const MAX_NAME_BYTES = 1024;

/** `/shared` or `/private`, and whatever is below; lower case, since case does not count. */
export function parseEntry(line: CommandLine): string {
  const name = line.astring().toLowerCase();
  if (!isWellFormed(name)) line.fail('the name of an entry');
  return name;
}

/**
 * As `parseEntry`. Leniency: `/private/*` and `/shared/%`, which cyradm and Cyrus know from before RFC 5464: all that is below, or right
 * below.
 */
export function parseAskedEntry(line: CommandLine): AskedEntry {
  const text = (line.peek() === '/' ? line.listMailbox() : line.string()).toLowerCase();
  const [, top = text, wild] = /^(.*)\/([*%])$/.exec(text) ?? [];
  if (!isWellFormed(top)) line.fail('the name of an entry');
  if (wild === undefined) return { name: top, depth: 0 };
  return { name: top, depth: wild === '%' ? 1 : Number.POSITIVE_INFINITY, isWild: true };
}

/** An entry that is asked for, and how deep below it. */
export interface AskedEntry {
  readonly name: string;
  readonly depth: number;
  /** Asked with a wildcard: not itself, but with what has no value and could have one. */
  readonly isWild?: boolean;
}

/** Without a trailing or doubled `/`, wildcards, control and 8-bit characters. */
function isWellFormed(name: string): boolean {
  if (!/^\/(shared|private)(\/|$)/.test(name) || name.length > MAX_NAME_BYTES) return false;
  return !/\/\/|\/$|[*%\x00-\x19\x7f-\xff]/.test(name);
}

export function isPrivate(name: string): boolean {
  return name.startsWith('/private');
}

/**
 * May an entry of this name have a value? At least two components; four below a vendor (RFC 5464 §3.2).
 */
export function canHaveValue(name: string): boolean {
  const [, , kind, ...rest] = name.split('/');
  if (kind === undefined) return false;
  return kind !== 'vendor' || rest.length >= 2;
}

/** How deep is `name` below `top`? 0: the same; -1: elsewhere. */
export function depthBelow(name: string, top: string): number {
  if (name === top) return 0;
  if (!name.startsWith(`${top}/`)) return -1;
  return name.slice(top.length).split('/').length - 1;
}
