import {
  defineImapCommand,
  type ImapCommand,
  type ImapExtension,
  type ImapReply,
  type MailboxEntry,
} from '@angarium/sdk';
import type { Features } from '../registry.js';
import { ownSession, type Session } from '../session.js';
import { nextTurn } from '../view/index.js';
import { mailboxText, quoteString } from '../wire/index.js';
import { NAMES_A_TURN } from './names.js';
import { type ListArguments, parseList } from './options.js';
import { joinReference, Pattern } from './pattern.js';
import { selectedNames } from './selection.js';
import { ListTeller } from './tell.js';
import { walk } from './walk.js';

/** LIST, RFC 3501 §6.3.8, in the longer form of RFC 5258. \HasChildren: RFC 3348. */
export function listCommand(features: Features): ImapCommand<ListArguments> {
  return defineImapCommand({
    name: 'LIST',
    rfc: 'RFC 3501 §6.3.8',
    states: ['authenticated', 'selected'],
    parse: (line) => parseList(line, features),
    async run({ session, reply }, args) {
      const own = ownSession(session);
      if (!args.isExtended && args.patterns[0] === '') tellRoot(own, reply, args.reference);
      else await tellMatches(own, reply, args, features);
    },
  });
}

/** `LIST reference ""`: the separator, and the root of the reference where that is a namespace's prefix. */
export function tellRoot(session: Session, reply: ImapReply, reference: string, word = 'LIST'): void {
  const { personal, otherUsers, shared, separator } = session.namespace;
  const prefixes = [personal, otherUsers, shared].filter((prefix) => prefix !== undefined && prefix !== '');
  const root = prefixes.find((prefix) => reference.startsWith(prefix!)) ?? '';
  reply.untagged(`${word} (\\Noselect) ${quoteString(separator)} ${mailboxText(root, session.usesUtf8)}`);
}

export function patternsOf(session: Session, reference: string, texts: readonly string[]): Pattern[] {
  const { separator } = session.namespace;
  return texts.map((text) => new Pattern(joinReference(reference, text, separator), separator));
}

/** A slice at a time, so that memory and the time that others wait are bounded whatever there is to list. */
async function tellMatches(
  session: Session,
  reply: ImapReply,
  args: ListArguments,
  features: Features,
): Promise<void> {
  // An empty pattern has no special meaning here, and matches nothing (RFC 5258 §3).
  const texts = args.patterns.filter((text) => text !== '');
  if (texts.length === 0) return;
  const patterns = patternsOf(session, args.reference, texts);
  const { separator } = session.namespace;
  const { names, selection } = await selectedNames(session, patterns, args.selection);
  const teller = await ListTeller.open(session, reply, args, features);
  const rules = { patterns, separator, selection, pauseEvery: NAMES_A_TURN };
  for (const match of walk<MailboxEntry>(names, rules)) {
    if (match === undefined) await nextTurn();
    else if (teller.add(match)) await teller.pass();
  }
  await teller.pass();
}

/** RFC 3348: \HasChildren and \HasNoChildren with every LIST. */
export const childrenExtension: ImapExtension = {
  name: 'CHILDREN',
  capabilities: [{ word: 'CHILDREN', states: ['authenticated', 'selected'] }],
};
