/**
 * GETANNOTATION and SETANNOTATION of draft-daboo-imap-annotatemore-05, which became RFC 5464: `/comment` with `value.priv` is
 * `/private/comment`, with `value.shared` `/shared/comment`. The draft's text is not at hand; built from what cyradm sends and old
 * versions of Cyrus answer.
 */
import {
  type CommandLine,
  defineImapCommand,
  type ImapExtension,
  type ImapReply,
  type ImapSession,
  type MailboxEntry,
  type MetadataCall,
  wildcardMatch,
} from '@angarium/sdk';
import { checkWrite, findMailbox, mayRead } from './access.js';
import { callOf } from './commands.js';
import { MetadataRefused, type MetadataStore } from './metadata-store.js';
import { valueText } from './text.js';

const scopes = { priv: '/private', shared: '/shared' } as const;
type Suffix = keyof typeof scopes;
const attributes = ['value.priv', 'value.shared', 'size.priv', 'size.shared'] as const;

const MAX_PATTERNS = 100;
const MAX_PATTERN_LENGTH = 1024;

function patterns(line: CommandLine): readonly string[] {
  const one = (): string => {
    const text = line.peek() === '"' || line.isAtLiteral ? line.string() : line.listMailbox();
    return text.length > MAX_PATTERN_LENGTH ? line.fail('a shorter pattern') : text;
  };
  const all = line.tryList(one) ?? [one()];
  return all.length > MAX_PATTERNS ? line.fail(`at most ${MAX_PATTERNS} patterns`) : all;
}

function entryName(line: CommandLine): string {
  const name = line.astring().toLowerCase();
  if (!/^(\/[^/*%\x00-\x19\x7f-\xff]+)+$/.test(name)) line.fail('the name of an entry');
  return name;
}

type Values = readonly (readonly [suffix: Suffix, value: Uint8Array | undefined])[];

function attributeValues(line: CommandLine): Values {
  return line.list(() => {
    const attribute = line.astring().toLowerCase();
    line.sp();
    const octets = line.octets();
    const suffix = attribute === 'value.priv' ? 'priv' : attribute === 'value.shared' ? 'shared' : undefined;
    if (suffix === undefined) return line.fail('value.priv or value.shared');
    return [suffix, octets === undefined ? undefined : Buffer.from(octets, 'latin1')] as const;
  });
}

export function annotateMoreExtension(metadata: MetadataStore): ImapExtension {
  const get = defineImapCommand({
    name: 'GETANNOTATION',
    rfc: 'RFC 5464 §1',
    states: ['authenticated', 'selected'],
    parse(line) {
      line.sp();
      const mailbox = line.listMailbox();
      line.sp();
      const entries = patterns(line);
      line.sp();
      return { mailbox, entries, wanted: patterns(line) };
    },
    async run({ session, reply }, { mailbox, entries, wanted }) {
      const asked = attributes.filter((name) =>
        wanted.some(
          (pattern) => wildcardMatch(pattern.toLowerCase(), name, '.') || name.startsWith(`${pattern}.`),
        ),
      );
      for (const place of await placesOf(session, mailbox))
        await tellEntries(metadata, callOf(session, place, 'GETANNOTATION'), reply, entries, asked);
    },
  });
  const set = defineImapCommand({
    name: 'SETANNOTATION',
    rfc: 'RFC 5464 §1',
    states: ['authenticated', 'selected'],
    parse(line) {
      line.sp();
      const mailbox = line.mailbox();
      line.sp();
      const entries = new Map<string, Uint8Array | undefined>();
      const entry = (): void => {
        const name = entryName(line);
        line.sp();
        for (const [suffix, value] of attributeValues(line)) entries.set(`${scopes[suffix]}${name}`, value);
      };
      if (line.tryList(entry) === undefined) entry();
      return { mailbox, entries };
    },
    async run({ session, reply }, { mailbox: text, entries }) {
      const mailbox = text === '' ? undefined : await findMailbox(session, text);
      for (const name of entries.keys()) checkWrite(session, mailbox, name, metadata.declared(name, mailbox));
      try {
        await metadata.write(callOf(session, mailbox, 'SETANNOTATION'), entries);
      } catch (error) {
        if (!(error instanceof MetadataRefused)) throw error;
        // The draft's words for the code.
        reply.failed(error.message, error.code.replace(/^METADATA MAXSIZE.*/, 'ANNOTATEMORE TOOBIG'));
      }
    },
  });
  return {
    name: 'ANNOTATEMORE',
    capabilities: [{ word: 'ANNOTATEMORE' }],
    commands: [get, set],
  };
}

/** The server for '', mailboxes by name or pattern. */
async function placesOf(session: ImapSession, text: string): Promise<readonly (MailboxEntry | undefined)[]> {
  if (text === '') return [undefined];
  if (!/[*%]/.test(text)) return [await findMailbox(session, text)];
  const { namespace, store } = session;
  const all = await store.catalogue.list({});
  return all.filter(
    (entry) =>
      mayRead(session, entry) && wildcardMatch(text, namespace.toClient(entry.name), namespace.separator),
  );
}

/** `ANNOTATION INBOX "/comment" ("value.shared" "x")`; patterns tell of what has a value, names of what has none as well. */
async function tellEntries(
  metadata: MetadataStore,
  call: MetadataCall,
  reply: ImapReply,
  entries: readonly string[],
  asked: readonly (typeof attributes)[number][],
): Promise<void> {
  const depth = Number.POSITIVE_INFINITY;
  const values = await metadata.read(
    call,
    Object.values(scopes).map((name) => ({ name, depth })),
  );
  const names = new Set<string>();
  for (const pattern of entries.map((entry) => entry.toLowerCase())) {
    if (!/[*%]/.test(pattern)) names.add(pattern);
    for (const [name, value] of values) {
      const plain = name.replace(/^\/(private|shared)/, '');
      if (value !== undefined && wildcardMatch(pattern, plain, '/')) names.add(plain);
    }
  }
  const shown = call.mailbox === undefined ? '""' : reply.mailbox(call.mailbox.name);
  for (const name of names) {
    const texts = asked.map((attribute) => {
      const [what, suffix] = attribute.split('.') as ['value' | 'size', Suffix];
      const value = values.get(`${scopes[suffix]}${name}`);
      const text = what === 'value' ? valueText(reply, value) : `"${value?.length ?? 0}"`;
      return `"${attribute}" ${text}`;
    });
    if (texts.length > 0) reply.untagged(`ANNOTATION ${shown} ${reply.quote(name)} (${texts.join(' ')})`);
  }
}
