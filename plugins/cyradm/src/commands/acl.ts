/** listacl, setacl, deleteacl: they expand patterns themselves, the server knows no such thing (RFC 4314). */
import { astring, type ImapClient } from '../imap/client.js';
import { textOf } from '../imap/response.js';
import {
  type Builtin,
  CommandFailed,
  clientOf,
  mailboxArgument,
  octets,
  parseOptions,
  type Run,
} from '../shell/builtin.js';
import { eachMatching, isPattern, listMailboxes } from './listing.js';

/** Words for rights; what is none of them is sent as it is. */
const macros: Readonly<Record<string, string>> = {
  none: '',
  read: 'lrs',
  post: 'lrsp',
  append: 'lrsip',
  write: 'lrswipkxte',
  delete: 'lrxte',
  all: 'lrswipkxtea',
};

type Entries = readonly (readonly [id: string, rights: string])[];

async function getAcl(client: ImapClient, mailbox: string): Promise<Entries> {
  const answer = await client.command(['GETACL', mailboxArgument(mailbox)]);
  if (answer.kind !== 'OK') throw new CommandFailed(answer.text);
  const [, ...values] = answer.untagged.find(({ name }) => name === 'ACL')?.values ?? [];
  const entries: [string, string][] = [];
  for (let at = 0; at + 1 < values.length; at += 2)
    entries.push([Buffer.from(textOf(values[at]), 'latin1').toString(), textOf(values[at + 1])]);
  return entries;
}

const list: Builtin = {
  name: 'listacl',
  aliases: ['lam', 'listaclmailbox'],
  usage: 'mailbox',
  summary: 'list ACLs on mailbox',
  completes: 'mailbox',
  async run(run) {
    const { rest } = parseOptions(run.args, {}, 'listaclmailbox mailbox');
    const [mailbox] = rest;
    if (mailbox === undefined || rest.length > 1) throw new CommandFailed('usage: listaclmailbox mailbox');
    const client = clientOf(run, 'listaclmailbox');
    if (!isPattern(mailbox)) {
      for (const [id, rights] of await getAcl(client, mailbox)) run.out.write(`${id} ${rights}\n`);
      return;
    }
    for (const { name, flags } of await listMailboxes(client, mailbox)) {
      if (flags.some((flag) => /^\\(noselect|nonexistent|placeholder)$/i.test(flag))) continue;
      run.out.write(`${name}:\n`);
      for (const [id, rights] of await getAcl(client, name)) run.out.write(`  ${id} ${rights}\n`);
    }
  },
};

const setUsage = 'setaclmailbox mailbox id rights [id rights ...]';

const set: Builtin = {
  name: 'setaclmailbox',
  aliases: ['setacl', 'sam'],
  usage: 'mailbox id rights [id rights ...]',
  summary: 'set ACLs on mailbox',
  completes: 'mailbox',
  async run(run) {
    const { mailbox, rest } = aclArguments(run, setUsage);
    if (rest.length < 2 || rest.length % 2 !== 0) throw new CommandFailed(`usage: ${setUsage}`);
    const client = clientOf(run, 'setaclmailbox');
    if (!isPattern(mailbox)) await setAll(client, mailbox, rest);
    else await eachMatching(run, client, mailbox, 'Setting ACL on', (name) => setAll(client, name, rest));
  },
};

async function setAll(client: ImapClient, mailbox: string, pairs: readonly string[]): Promise<void> {
  const failures: string[] = [];
  for (let at = 0; at < pairs.length; at += 2) {
    const id = pairs[at]!;
    const given = pairs[at + 1]!;
    const rights = macros[given] ?? given;
    const answer = await client.command([
      'SETACL',
      mailboxArgument(mailbox),
      astring(octets(id)),
      astring(octets(rights)),
    ]);
    if (answer.kind !== 'OK') failures.push(`${id}: ${rights}: ${answer.text}`);
  }
  if (failures.length > 0) throw new CommandFailed(`setaclmailbox: ${failures.join('\n')}`);
}

const deleteUsage = 'deleteaclmailbox mailbox id [id ...]';

const remove: Builtin = {
  name: 'deleteaclmailbox',
  aliases: ['deleteacl', 'dam'],
  usage: 'mailbox id [id ...]',
  summary: 'remove ACLs from mailbox',
  completes: 'mailbox',
  async run(run) {
    const { mailbox, rest } = aclArguments(run, deleteUsage);
    if (rest.length === 0) throw new CommandFailed(`usage: ${deleteUsage}`);
    const client = clientOf(run, 'deleteaclmailbox');
    if (!isPattern(mailbox)) await deleteAll(client, mailbox, rest);
    else await eachMatching(run, client, mailbox, 'Deleting acl on', (name) => deleteAll(client, name, rest));
  },
};

/** `*` is every identifier that the mailbox has. */
async function deleteAll(client: ImapClient, mailbox: string, ids: readonly string[]): Promise<void> {
  const isAll = ids[0] === '*';
  const doomed = isAll ? (await getAcl(client, mailbox)).map(([id]) => id) : ids;
  const failures: string[] = [];
  for (const id of doomed) {
    const answer = await client.command(['DELETEACL', mailboxArgument(mailbox), astring(octets(id))]);
    if (answer.kind !== 'OK') failures.push(`${id}: ${answer.text}`);
  }
  if (failures.length > 0) throw new CommandFailed(`deleteaclmailbox: ${failures.join('\n')}`);
}

function aclArguments(run: Run, usage: string): { mailbox: string; rest: readonly string[] } {
  const { rest } = parseOptions(run.args, {}, usage);
  const [mailbox, ...others] = rest;
  if (mailbox === undefined) throw new CommandFailed(`usage: ${usage}`);
  return { mailbox, rest: others };
}

export const aclCommands: readonly Builtin[] = [remove, list, set];
