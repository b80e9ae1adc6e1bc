/** info, mboxcfg, getmetadata, setmetadata, setinfo: annotations of mailboxes and of the server (RFC 5464). */
import { astring, type ImapClient, nstring, type Piece } from '../imap/client.js';
import { decodeName } from '../imap/mod-utf7.js';
import { listOf, textOf } from '../imap/response.js';
import {
  type Builtin,
  CommandFailed,
  clientOf,
  demand,
  mailboxArgument,
  octets,
  parseOptions,
  type Run,
} from '../shell/builtin.js';

const VENDOR = '/vendor/cmu/cyrus-imapd';

/** Short words for entries of a mailbox. */
const mailboxWords: Readonly<Record<string, string>> = {
  comment: '/comment',
  expire: `${VENDOR}/expire`,
  news2mail: `${VENDOR}/news2mail`,
  pop3showafter: `${VENDOR}/pop3showafter`,
  sharedseen: `${VENDOR}/sharedseen`,
  sieve: `${VENDOR}/sieve`,
  squat: `${VENDOR}/squat`,
};

/** Of the server. */
const serverWords: Readonly<Record<string, string>> = {
  motd: '/motd',
  comment: '/comment',
  admin: '/admin',
  shutdown: `${VENDOR}/shutdown`,
  expire: `${VENDOR}/expire`,
  squat: `${VENDOR}/squat`,
};

/** For getmetadata and setmetadata the words say whose they are. */
const fullWords: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.entries(mailboxWords).map(([word, path]) => [word, `/shared${path}`])),
  comment: '/private/comment',
  specialuse: '/private/specialuse',
};

/** mailbox → scope → entry → value. */
type Found = Map<string, Map<'private' | 'shared', Map<string, string>>>;

function metadataClient(run: Run, name: string): ImapClient {
  const client = clientOf(run, name);
  if (!client.has('METADATA') && !(client.has('METADATA-SERVER') && run.args.length === 0))
    throw new CommandFailed(`${name}: Remote does not support METADATA.`);
  return client;
}

async function fetchEntries(client: ImapClient, mailbox: string, entries: readonly string[]): Promise<Found> {
  const found: Found = new Map();
  for (const entry of entries) {
    const answer = await client.command(['GETMETADATA', mailboxArgument(mailbox), [nstring(octets(entry))]]);
    if (answer.kind !== 'OK') throw new CommandFailed(answer.text);
    for (const { name, values } of answer.untagged) {
      if (name !== 'METADATA') continue;
      const box = decodeName(textOf(values[0]));
      const pairs = listOf(values[1]);
      for (let at = 0; at + 1 < pairs.length; at += 2) {
        const key = textOf(pairs[at]);
        const value = pairs[at + 1];
        put(found, box, key, value === null ? 'NIL' : Buffer.from(textOf(value), 'latin1').toString());
      }
    }
  }
  return found;
}

function put(found: Found, mailbox: string, key: string, value: string): void {
  const scope = /^\/private(\/|$)/i.test(key) ? 'private' : 'shared';
  const scopes = found.get(mailbox) ?? new Map();
  const entries = scopes.get(scope) ?? new Map();
  entries.set(key, value);
  scopes.set(scope, entries);
  found.set(mailbox, scopes);
}

/** `{mailbox}:`, the scopes, the last part of each entry's name. */
function show(run: Run, found: Found): void {
  for (const mailbox of [...found.keys()].sort()) {
    run.out.write(mailbox === '' ? '{Server Wide}\n' : `{${mailbox}}:\n`);
    const scopes = found.get(mailbox)!;
    for (const scope of ['private', 'shared'] as const) {
      const entries = scopes.get(scope);
      if (entries === undefined) continue;
      run.out.write(`  ${scope}:\n`);
      for (const key of [...entries.keys()].sort())
        run.out.write(`    ${key.slice(key.lastIndexOf('/') + 1)}: ${entries.get(key)}\n`);
    }
  }
}

const info: Builtin = {
  name: 'info',
  aliases: [],
  usage: '[mailbox]',
  summary: 'display mailbox/server annotations',
  completes: 'mailbox',
  async run(run) {
    const { rest } = parseOptions(run.args, {}, 'info [mailbox]');
    const [mailbox = '', ...entries] = rest;
    const wanted = entries.length > 0 ? entries.flatMap(bothScopes) : ['/private/*', '/shared/*'];
    show(run, await fetchEntries(metadataClient(run, 'info'), mailbox, wanted));
  },
};

function bothScopes(entry: string): string[] {
  return [`/private${entry}`, `/shared${entry}`];
}

const get: Builtin = {
  name: 'getmetadata',
  aliases: ['getmd'],
  usage: '[mailbox]',
  summary: 'display mailbox/server metadata',
  completes: 'mailbox',
  async run(run) {
    const { rest } = parseOptions(run.args, {}, 'getmetadata [mailbox]');
    const [mailbox = '', ...entries] = rest;
    const wanted =
      entries.length > 0 ? entries.map((entry) => fullWords[entry] ?? entry) : ['/private/*', '/shared/*'];
    show(run, await fetchEntries(metadataClient(run, 'getmetadata'), mailbox, wanted));
  },
};

const words = 'comment|expire|news2mail|pop3showafter|sharedseen|sieve|squat';
const configUsage = `mboxconfig [--private] mailbox [${words}|/<explicit annotation>] value`;

const config: Builtin = {
  name: 'mboxcfg',
  aliases: ['mboxconfig'],
  usage: '[--private] mailbox [comment|expire|news2mail|sieve|squat|/<explicit annotation>] value',
  summary: 'configure mailbox',
  completes: 'mailbox',
  async run(run) {
    const { mailbox, entry, value, isPrivate } = settingOf(run, configUsage);
    const path = mailboxWords[entry] ?? entry;
    if (!path.startsWith('/')) throw new CommandFailed(`mboxconfig: Unknown parameter ${entry}`);
    const client = metadataClient(run, 'mboxconfig');
    await setEntry(client, 'mboxconfig', mailbox, `${isPrivate ? '/private' : '/shared'}${path}`, value);
  },
};

const setUsage = `setmetadata [--private] mailbox [${words}|specialuse|/<explicit metadata>] value`;

const set: Builtin = {
  name: 'setmetadata',
  aliases: ['setmd'],
  usage: `[--private] mailbox [${words}|specialuse|/<explicit annotation>] value`,
  summary: 'set metadata to mailbox',
  completes: 'mailbox',
  async run(run) {
    const { mailbox, entry, value, isPrivate } = settingOf(run, setUsage);
    const known = fullWords[entry];
    const path = isPrivate ? known?.replace(/^\/shared/, '/private') : known;
    const client = metadataClient(run, 'setmetadata');
    if (path === undefined && !/^\/(private|shared)\//i.test(entry))
      throw new CommandFailed('setmetadata: entry must begin with /shared or /private');
    await setEntry(client, 'setmetadata', mailbox, path ?? entry, value);
  },
};

function settingOf(
  run: Run,
  usage: string,
): { mailbox: string; entry: string; value: string | undefined; isPrivate: boolean } {
  const { flags, rest } = parseOptions(run.args, { private: false }, usage);
  const [mailbox, entry, value] = rest;
  if (mailbox === undefined || entry === undefined || rest.length > 3)
    throw new CommandFailed(`usage: ${usage}`);
  return { mailbox, entry, value: value === 'none' ? undefined : value, isPrivate: flags.has('private') };
}

const infoUsage = 'setinfo [motd|comment|admin|shutdown|expire|squat] text';

const setInfo: Builtin = {
  name: 'setinfo',
  aliases: [],
  usage: '[motd|comment|admin|shutdown|expire|squat] text',
  summary: 'set server metadata',
  async run(run) {
    const { rest } = parseOptions(run.args, {}, infoUsage);
    const [entry, value] = rest;
    if (entry === undefined || value === undefined || rest.length > 2)
      throw new CommandFailed(`usage: ${infoUsage}`);
    const path = serverWords[entry] ?? entry;
    if (!path.startsWith('/')) throw new CommandFailed(`setinfo: Unknown parameter ${entry}`);
    const client = clientOf(run, 'setinfo');
    if (!client.has('METADATA') && !client.has('METADATA-SERVER'))
      throw new CommandFailed('setinfo: Remote does not support METADATA.');
    await setEntry(client, 'setinfo', '', `/shared${path}`, value === 'none' ? undefined : value);
  },
};

async function setEntry(
  client: ImapClient,
  name: string,
  mailbox: string,
  entry: string,
  value: string | undefined,
): Promise<void> {
  const box: Piece = mailbox === '' ? astring('') : mailboxArgument(mailbox);
  const text: Piece = value === undefined ? 'NIL' : nstring(octets(value));
  await demand(client, name, ['SETMETADATA', box, [nstring(octets(entry)), text]]);
}

export const metadataCommands: readonly Builtin[] = [get, info, config, setInfo, set];
