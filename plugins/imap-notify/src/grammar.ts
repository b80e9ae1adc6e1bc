/** What follows NOTIFY (RFC 5465 §8). */
import type { CommandLine, FetchProgram, ImapFetch } from '@angarium/sdk';
import { type Events, eventBit, MESSAGE_EVENTS, NotifyEvent } from './events.js';

export type Filter =
  | { readonly of: 'personal' }
  | { readonly of: 'subscribed' }
  /** As the client wrote them. */
  | { readonly of: 'subtree' | 'mailboxes'; readonly names: readonly string[] };

export interface Group {
  readonly filter: Filter;
  readonly events: Events;
}

/** The selected mailbox. */
export interface SelectedGroup {
  /** EXPUNGE waits for a command that allows it (RFC 5465 §6.1.2). */
  readonly isDelayed: boolean;
  readonly events: Events;
  /** What is told of new messages. */
  readonly fetch: FetchProgram | undefined;
}

export type Notify =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'set';
      readonly tellsStatus: boolean;
      readonly selected: SelectedGroup | undefined;
      readonly groups: readonly Group[];
      /** Events that this server does not know: NO, not BAD (RFC 5465 §3.1). */
      readonly unknown: readonly string[];
    };

/** A group costs a look at each change of a mailbox list; no client has ten. */
const MAX_GROUPS = 100;
const MAX_NAMES = 1000;

interface Parsed {
  events: Events;
  fetch: FetchProgram | undefined;
  readonly unknown: string[];
}

export function parseNotify(line: CommandLine, fetch: ImapFetch): Notify {
  line.sp();
  const word = line.keyword();
  if (word === 'NONE') return { kind: 'none' };
  if (word !== 'SET') line.fail('SET or NONE');
  line.sp();
  const tellsStatus = line.peek() !== '(';
  if (tellsStatus) {
    line.expect('STATUS');
    line.sp();
  }
  let selected: SelectedGroup | undefined;
  const groups: Group[] = [];
  const unknown: string[] = [];
  do {
    const group = parseGroup(line, fetch, unknown);
    if ('filter' in group) groups.push(group);
    else if (selected === undefined) selected = group;
    else line.fail('one group for the selected mailbox');
    if (groups.length > MAX_GROUPS) line.fail(`at most ${MAX_GROUPS} groups`);
  } while (line.trySp());
  return { kind: 'set', tellsStatus, selected, groups, unknown };
}

/** `(selected (MessageNew MessageExpunge))` */
function parseGroup(line: CommandLine, fetch: ImapFetch, unknown: string[]): Group | SelectedGroup {
  line.expect('(');
  const word = line.keyword();
  const isSelected = word === 'SELECTED' || word === 'SELECTED-DELAYED';
  const filter = isSelected ? undefined : parseFilter(line, word);
  line.sp();
  const parsed = parseEvents(line, fetch, unknown);
  line.expect(')');
  checkEvents(line, parsed, isSelected);
  if (filter !== undefined) return { filter, events: parsed.events };
  return { isDelayed: word === 'SELECTED-DELAYED', events: parsed.events, fetch: parsed.fetch };
}

function parseFilter(line: CommandLine, word: string): Filter {
  // Where mail is delivered to cannot be told easily: then it is the same (RFC 5465 §6.3).
  if (word === 'PERSONAL' || word === 'INBOXES') return { of: 'personal' };
  if (word === 'SUBSCRIBED') return { of: 'subscribed' };
  if (word !== 'SUBTREE' && word !== 'MAILBOXES') line.fail('which mailboxes are meant');
  line.sp();
  const names = line.tryList(() => line.mailbox()) ?? [line.mailbox()];
  if (names.length > MAX_NAMES) line.fail(`at most ${MAX_NAMES} mailboxes`);
  return { of: word === 'SUBTREE' ? 'subtree' : 'mailboxes', names };
}

/** Leniency: the events may stand without parentheses of their own, as in the example of RFC 5465 §3.1. */
function parseEvents(line: CommandLine, fetch: ImapFetch, unknown: string[]): Parsed {
  const parsed: Parsed = { events: 0, fetch: undefined, unknown };
  const isList = line.tryExpect('(');
  if (!isList && line.tryExpect('NONE')) return parsed;
  while (parseEvent(line, fetch, parsed));
  if (isList) line.expect(')');
  return parsed;
}

/** True: another one follows. A space behind MessageNew begins its items, or the next event. */
function parseEvent(line: CommandLine, fetch: ImapFetch, parsed: Parsed): boolean {
  const name = line.atom();
  const bit = eventBit(name);
  if (bit === undefined) parsed.unknown.push(name);
  else parsed.events |= bit;
  if (!line.trySp()) return false;
  if (bit !== NotifyEvent.messageNew || line.peek() !== '(') return true;
  parsed.fetch = fetch.parse(line);
  return line.trySp();
}

function checkEvents(line: CommandLine, { events, fetch, unknown }: Parsed, isSelected: boolean): void {
  if (unknown.length > 0) return;
  if (isSelected && (events & ~MESSAGE_EVENTS) !== 0)
    line.fail('events of messages for the selected mailbox');
  if (!isSelected && fetch !== undefined) line.fail('FETCH items for the selected mailbox only');
  const both = NotifyEvent.messageNew | NotifyEvent.messageExpunge;
  if ((events & MESSAGE_EVENTS) !== 0 && (events & both) !== both) line.fail('MessageNew and MessageExpunge');
}
