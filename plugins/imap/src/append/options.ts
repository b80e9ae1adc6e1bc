/** What stands before a message of APPEND and REPLACE (RFC 3501 §9 append, RFC 4466 §4, RFC 4469 §5). */
import { type CommandLine, type FlagSet, Right, type Rights } from '@angarium/sdk';
import { touchableFlags } from '../view/index.js';

export interface Options {
  readonly flags: FlagSet | undefined;
  readonly internalDateMs: number | undefined;
  /** How the message comes: a literal, one in `UTF8 (…)` (RFC 6855 §4), or parts in parentheses, the first not yet read. */
  readonly form: 'literal' | 'utf8' | 'catenate';
}

/** `[SP flag-list] [SP date-time] SP` up to the literal, or to what is behind `CATENATE (`. */
export function parseOptions(line: CommandLine): Options {
  line.sp();
  let flags: FlagSet | undefined;
  let internalDateMs: number | undefined;
  if (line.peek() === '(') {
    flags = line.flags();
    line.sp();
  }
  if (line.peek() === '"') {
    internalDateMs = line.dateTime();
    line.sp();
  }
  if (line.isAtLiteral) return { flags, internalDateMs, form: 'literal' };
  if (line.tryExpect('UTF8 (')) {
    if (!line.isAtLiteral) line.fail('a literal8');
    return { flags, internalDateMs, form: 'utf8' };
  }
  if (!line.tryExpect('CATENATE (')) line.fail('a literal, UTF8 or CATENATE');
  return { flags, internalDateMs, form: 'catenate' };
}

/** Flags that the user may not set are left out silently, as in Cyrus (RFC 4314 §4). */
export function permitted(flags: FlagSet | undefined, rights: Rights): FlagSet {
  if (flags === undefined) return { system: 0, keywords: [] };
  const touchable = touchableFlags(rights);
  return { system: flags.system & touchable.system, keywords: touchable.keywords ? flags.keywords : [] };
}

/** Who may not select it has no use for its UIDs (RFC 4315 §3). */
export function mayKnowUids(rights: Rights): boolean {
  return (rights & Right.read) !== 0;
}
