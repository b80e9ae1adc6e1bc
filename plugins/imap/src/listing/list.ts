import {
  type CommandLine,
  defineImapCommand,
  type ImapCommand,
  type ImapExtension,
  type ImapReply,
  type ListOption,
  type MailboxEntry,
} from '@angarium/sdk';
import type { Features } from '../registry.js';
import { ownSession, type Session } from '../session.js';
import { nextTurn, Output } from '../view/index.js';
import { mailboxText, quoteString } from '../wire/index.js';
import { type Match, matchNames, visibleNames } from './names.js';
import { joinReference, Pattern } from './pattern.js';

interface GivenOption {
  readonly option: ListOption;
  readonly args: unknown;
}

export interface ListArguments {
  readonly reference: string;
  readonly patterns: readonly string[];
  readonly selection: readonly GivenOption[];
  readonly returns: readonly GivenOption[];
}

/** LIST, RFC 3501 §6.3.8; the longer form of RFC 5258 §6 where an extension has options for it. \HasChildren: RFC 3348. */
export function listCommand(features: Features): ImapCommand<ListArguments> {
  return defineImapCommand({
    name: 'LIST',
    rfc: 'RFC 3501 §6.3.8',
    states: ['authenticated', 'selected'],
    parse: (line) => parseList(line, features),
    async run({ session, reply }, args) {
      const own = ownSession(session);
      const [only] = args.patterns;
      if (only === '' && args.patterns.length === 1) tellRoot(own, reply, args.reference);
      else await tellMatches(own, reply, args);
    },
  });
}

function parseList(line: CommandLine, features: Features): ListArguments {
  const isExtended = features.extensions.some(({ listOptions }) => (listOptions?.length ?? 0) > 0);
  const options = (place: ListOption['place'], min: number): GivenOption[] =>
    line.list(() => {
      const name = line.keyword();
      const option = features.listOption(place, name);
      if (option === undefined) return line.fail(`a ${place} option instead of ${name.slice(0, 40)}`);
      return { option, args: option.parse?.(line) };
    }, min);
  line.sp();
  let selection: GivenOption[] = [];
  if (isExtended && line.peek() === '(') {
    selection = options('selection', 0);
    line.sp();
  }
  const reference = line.mailbox();
  line.sp();
  const patterns = (isExtended && line.tryList(() => line.listMailbox())) || [line.listMailbox()];
  let returns: GivenOption[] = [];
  if (isExtended && line.trySp()) {
    line.expect('RETURN');
    line.sp();
    returns = options('return', 0);
  }
  return { reference, patterns, selection, returns };
}

/** `LIST reference ""`: the separator, and the root of the reference where that is a namespace's prefix. */
function tellRoot(session: Session, reply: ImapReply, reference: string): void {
  const { personal, otherUsers, shared, separator } = session.namespace;
  const prefixes = [personal, otherUsers, shared].filter((prefix) => prefix !== undefined && prefix !== '');
  const root = prefixes.find((prefix) => reference.startsWith(prefix!)) ?? '';
  reply.untagged(`LIST (\\Noselect) ${quoteString(separator)} ${mailboxText(root, session.usesUtf8)}`);
}

export function patternsOf(session: Session, reference: string, texts: readonly string[]): Pattern[] {
  const { separator } = session.namespace;
  return texts.map((text) => new Pattern(joinReference(reference, text, separator), separator));
}

async function tellMatches(session: Session, reply: ImapReply, args: ListArguments): Promise<void> {
  const patterns = patternsOf(session, args.reference, args.patterns);
  const { separator } = session.namespace;
  let matches = matchNames(await visibleNames(session, patterns), patterns, separator);
  for (const given of args.selection) matches = await select(session, matches, given);
  const entries = matches.flatMap(({ item }) => item ?? []);
  const more = await Promise.all(
    args.returns.map(async ({ option, args: optionArgs }) => ({
      attributes: (await option.attributes?.(session, entries, optionArgs)) ?? [],
      lines: (await option.follow?.(session, entries, optionArgs, reply)) ?? [],
    })),
  );
  const out = new Output(reply);
  const middle = quoteString(separator);
  let at = 0;
  for (const match of matches) {
    const index = match.item === undefined ? -1 : at++;
    const attributes = [attributesOf(match), ...more.flatMap((one) => one.attributes[index] ?? [])];
    out.text += `* LIST (${attributes.join(' ')}) ${middle} ${mailboxText(match.text, session.usesUtf8)}\r\n`;
    for (const { lines } of more) if (lines[index]) out.text += `* ${lines[index]}\r\n`;
    if (!out.hasEnough) continue;
    await out.pass();
    await nextTurn();
  }
  await out.pass();
}

function attributesOf({ item, hasChildren }: Match<unknown>): string {
  const children = hasChildren ? '\\HasChildren' : '\\HasNoChildren';
  return item === undefined ? `\\Noselect ${children}` : children;
}

/** A selection option filters mailboxes; levels of hierarchy are none. */
async function select(
  session: Session,
  matches: readonly Match<MailboxEntry>[],
  { option, args }: GivenOption,
): Promise<Match<MailboxEntry>[]> {
  if (option.select === undefined) return [...matches];
  const entries = matches.flatMap(({ item }) => item ?? []);
  const keep = await option.select(session, entries, args);
  const kept = new Set(entries.filter((_, i) => keep[i]));
  return matches.filter(({ item }) => item !== undefined && kept.has(item));
}

/** RFC 3348: \HasChildren and \HasNoChildren with every LIST. */
export const childrenExtension: ImapExtension = {
  name: 'CHILDREN',
  capabilities: [{ word: 'CHILDREN', states: ['authenticated', 'selected'] }],
};
