/** GETACL, SETACL, DELETEACL, LISTRIGHTS and MYRIGHTS (RFC 4314 §3), with the answers of Cyrus. */
import {
  type AccessChange,
  type AccessLists,
  type CommandLine,
  defineImapCommand,
  type ImapCommand,
  type ImapExtension,
  type ImapReply,
  type ImapSession,
  ImapSyntaxError,
  isMailError,
  MailError,
  Right,
  type Rights,
} from '@angarium/sdk';

const states = ['authenticated', 'selected'] as const;

/** Whoever holds one of these may know his rights (RFC 4314 §4). */
const telling = Right.lookup | Right.read | Right.insert | Right.create | Right.delete | Right.admin;

/** Every right there is, the site's own too. */
const EVERY_RIGHT: Rights = 2 ** 22 - 1;

type WantedRights = Pick<AccessChange, 'mode' | 'rights'>;

interface Target {
  readonly mailbox: string;
  /** As sent: latin1. */
  readonly identifier: string;
}

export function aclCommands(lists: AccessLists): NonNullable<ImapExtension['commands']> {
  return [getAcl(lists), setAcl(lists), deleteAcl(lists), listRights(lists), myRights(lists)];
}

function getAcl(lists: AccessLists): ImapCommand<string> {
  return defineImapCommand({
    name: 'GETACL',
    rfc: 'RFC 4314 §3.3',
    states,
    parse: parseMailbox,
    async run({ session, reply }, mailbox) {
      const entry = await session.findByText(mailbox, { rights: Right.admin });
      let text = `ACL ${reply.mailbox(entry.name)}`;
      for (const [identifier, rights] of lists.entries(entry)) {
        const shown = octetsOf(lists.identifierFor(session.identity, identifier));
        text += ` ${astring(shown, reply)} ${rightsText(rights, lists)}`;
      }
      reply.untagged(text);
    },
  });
}

function setAcl(lists: AccessLists): ImapCommand<Target & WantedRights> {
  return defineImapCommand({
    name: 'SETACL',
    rfc: 'RFC 4314 §3.1',
    states,
    parse(line) {
      const target = parseTarget(line);
      line.sp();
      const text = line.astring();
      const mode = text.startsWith('+') ? 'add' : text.startsWith('-') ? 'remove' : 'set';
      return { ...target, mode, rights: rightsOf(mode === 'set' ? text : text.slice(1), lists) };
    },
    run: ({ session }, { mailbox, identifier, mode, rights }) =>
      change(session, lists, { mailbox, identifier }, { mode, rights }, 'SETACL'),
  });
}

function deleteAcl(lists: AccessLists): ImapCommand<Target> {
  return defineImapCommand({
    name: 'DELETEACL',
    rfc: 'RFC 4314 §3.2',
    states,
    parse: parseTarget,
    run: ({ session }, target) => change(session, lists, target, { mode: 'set', rights: 0 }, 'DELETEACL'),
  });
}

async function change(
  session: ImapSession,
  lists: AccessLists,
  target: Target,
  wanted: WantedRights,
  operation: string,
): Promise<void> {
  const entry = await session.findByText(target.mailbox, { rights: Right.admin });
  const identifier = lists.identifier(textOf(target.identifier), session.identity);
  await lists.change(entry, { ...wanted, identifier }, session.origin(operation));
}

/** The identifier comes back as it was sent (RFC 4314 §3.4). */
function listRights(lists: AccessLists): ImapCommand<Target> {
  return defineImapCommand({
    name: 'LISTRIGHTS',
    rfc: 'RFC 4314 §3.4',
    states,
    parse: parseTarget,
    async run({ session, reply }, target) {
      const entry = await session.findByText(target.mailbox, { rights: Right.admin });
      const identifier = lists.identifier(textOf(target.identifier), session.identity);
      const always = lists.always(entry, identifier);
      const required = lists.printRights(always);
      const others = [...lists.printRights(EVERY_RIGHT & ~always)].filter(
        (letter) => !required.includes(letter),
      );
      const head = `LISTRIGHTS ${reply.mailbox(entry.name)} ${astring(target.identifier, reply)}`;
      reply.untagged([head, required || '""', ...others].join(' '));
    },
  });
}

function myRights(lists: AccessLists): ImapCommand<string> {
  return defineImapCommand({
    name: 'MYRIGHTS',
    rfc: 'RFC 4314 §3.5',
    states,
    parse: parseMailbox,
    async run({ session, reply }, text) {
      const name = session.namespace.fromClient(text);
      const entry = await session.store.catalogue.find(name);
      const held = entry === undefined ? 0 : lists.held(session.identity, entry);
      if ((held & telling) === 0) throw new MailError('NONEXISTENT', 'Mailbox does not exist');
      reply.untagged(myRightsLine(reply.mailbox(name), held, lists));
    },
  });
}

/** `MYRIGHTS INBOX lrs` (RFC 4314 §3.8), also behind LIST (RFC 8440). */
export function myRightsLine(mailbox: string, held: Rights, lists: AccessLists): string {
  return `MYRIGHTS ${mailbox} ${rightsText(held, lists)}`;
}

function parseMailbox(line: CommandLine): string {
  line.sp();
  return line.mailbox();
}

function parseTarget(line: CommandLine): Target {
  const mailbox = parseMailbox(line);
  line.sp();
  return { mailbox, identifier: line.astring() };
}

/** BAD for a letter that is none (RFC 4314 §3.1). */
function rightsOf(letters: string, lists: AccessLists): Rights {
  try {
    return lists.parseRights(letters);
  } catch (error) {
    throw isMailError(error) ? new ImapSyntaxError(error.publicText) : error;
  }
}

function rightsText(rights: Rights, lists: AccessLists): string {
  return lists.printRights(rights) || '""';
}

/** What is no UTF-8 has a replacement character in it, which no identifier may have. */
function textOf(octets: string): string {
  return Buffer.from(octets, 'latin1').toString('utf8');
}

function octetsOf(text: string): string {
  return Buffer.from(text, 'utf8').latin1Slice();
}

/** An atom where that can be, as Cyrus writes them. */
function astring(octets: string, reply: ImapReply): string {
  return /^[^\x00-\x20"(){%*\\\x7f-\xff]+$/.test(octets) && !/^nil$/i.test(octets)
    ? octets
    : reply.quote(octets);
}
