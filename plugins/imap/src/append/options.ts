/** What stands before a message of APPEND and REPLACE (RFC 3501 §9 append, RFC 4466 §4, RFC 4469 §5). */
import {
  type AppendItem,
  type CommandLine,
  type CommandParameter,
  type FlagSet,
  type ImapSession,
  type MailboxEntry,
  Right,
  type Rights,
} from '@angarium/sdk';
import type { Features } from '../registry.js';
import { touchableFlags } from '../view/index.js';

interface GivenParameter {
  readonly parameter: CommandParameter;
  readonly args: unknown;
}

export interface Options {
  /** append-ext (RFC 4466 §4). */
  readonly more: readonly GivenParameter[];
  readonly flags: FlagSet | undefined;
  readonly internalDateMs: number | undefined;
  /** How the message comes: a literal, one in `UTF8 (…)` (RFC 6855 §4), or parts in parentheses, the first not yet read. */
  readonly form: 'literal' | 'utf8' | 'catenate';
}

/** `[SP flag-list] [SP date-time] SP` up to the literal, or to what is behind `CATENATE (`. */
export function parseOptions(line: CommandLine, features: Features): Options {
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
  const more: GivenParameter[] = [];
  for (;;) {
    const given = { flags, internalDateMs, more };
    if (line.isAtLiteral) return { ...given, form: 'literal' };
    if (line.tryExpect('UTF8 (')) {
      if (!line.isAtLiteral) line.fail('a literal8');
      return { ...given, form: 'utf8' };
    }
    if (line.tryExpect('CATENATE (')) return { ...given, form: 'catenate' };
    const parameter = features.parameter('APPEND', line.tryKeyword() ?? '');
    if (parameter === undefined || more.some((one) => one.parameter === parameter))
      return line.fail('a literal, UTF8 or CATENATE');
    more.push({ parameter, args: parameter.parse?.(line) });
    line.sp();
  }
}

/** The item with what its parameters add. @throws MailError when one refuses */
export function withMore(
  session: ImapSession,
  mailbox: MailboxEntry,
  { more }: Options,
  item: AppendItem,
): AppendItem {
  return more.reduce(
    (whole, { parameter, args }) => parameter.onAppend?.(session, mailbox, whole, args) ?? whole,
    item,
  );
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
