/** GETMETADATA and SETMETADATA (RFC 5464 §4.2, §4.3). */
import {
  type CommandLine,
  defineImapCommand,
  type ImapCommand,
  type ImapSession,
  type MailboxEntry,
  type MetadataCall,
} from '@angarium/sdk';
import { checkWrite, findMailbox } from './access.js';
import { MetadataRefused, type MetadataStore } from './metadata-store.js';
import { type AskedEntry, parseAskedEntry, parseEntry } from './names.js';
import { metadataLine } from './text.js';

interface Options {
  readonly maxSize: number | undefined;
  readonly depth: number;
}

const noOptions: Options = { maxSize: undefined, depth: 0 };

/** Nobody asks for half as many; each is looked for on its own. */
const MAX_NAMES = 1000;

/** `(MAXSIZE 1024 DEPTH 1)` */
function parseOptions(line: CommandLine): Options {
  let options = noOptions;
  line.list(() => {
    const name = line.keyword();
    if (name !== 'MAXSIZE' && name !== 'DEPTH') line.fail('MAXSIZE or DEPTH');
    line.sp();
    if (name === 'MAXSIZE') options = { ...options, maxSize: line.number() };
    else options = { ...options, depth: parseDepth(line) };
  });
  return options;
}

function parseDepth(line: CommandLine): number {
  const text = line.keyword();
  if (text === '0' || text === '1') return Number(text);
  return text === 'INFINITY' ? Number.POSITIVE_INFINITY : line.fail('0, 1 or infinity');
}

interface Question {
  readonly mailbox: string;
  readonly options: Options;
  readonly names: readonly AskedEntry[];
}

/** The options stand before the mailbox in the grammar of RFC 5464 §5, behind it in the examples of §4.2.1: both are taken. */
function parseQuestion(line: CommandLine): Question {
  line.sp();
  let options: Options | undefined;
  if (line.peek() === '(') {
    options = parseOptions(line);
    line.sp();
  }
  const mailbox = line.mailbox();
  line.sp();
  if (options === undefined && line.peek() === '(') {
    const first = optionsOrNames(line);
    if (Array.isArray(first)) return { mailbox, options: noOptions, names: first };
    options = first as Options;
    line.sp();
  }
  return { mailbox, options: options ?? noOptions, names: parseNames(line) };
}

/** Names begin with a slash (quoted, perhaps), options do not. */
function optionsOrNames(line: CommandLine): Options | readonly AskedEntry[] {
  let options: Options | undefined;
  const names = line.list(() => {
    const word = line.peek() === '/' || line.peek() === '"' || line.isAtLiteral ? undefined : line.keyword();
    if (word === undefined) return options === undefined ? parseAskedEntry(line) : line.fail('an option');
    if (word !== 'MAXSIZE' && word !== 'DEPTH') line.fail('MAXSIZE or DEPTH');
    line.sp();
    const { maxSize, depth }: Options = options ?? noOptions;
    options = word === 'DEPTH' ? { maxSize, depth: parseDepth(line) } : { maxSize: line.number(), depth };
    return undefined;
  });
  if (names.length > MAX_NAMES) line.fail(`at most ${MAX_NAMES} entries`);
  if (options === undefined) return names.flatMap((name) => name ?? []);
  return names.every((name) => name === undefined) ? options : line.fail('options or names');
}

function parseNames(line: CommandLine): readonly AskedEntry[] {
  const names = line.tryList(() => parseAskedEntry(line)) ?? [parseAskedEntry(line)];
  if (names.length > MAX_NAMES) line.fail(`at most ${MAX_NAMES} entries`);
  return names;
}

export function callOf(
  session: ImapSession,
  mailbox: MailboxEntry | undefined,
  operation: string,
): MetadataCall {
  const { identity, store } = session;
  return { identity, store, mailbox, origin: session.origin(operation) };
}

export function getMetadata(metadata: MetadataStore): ImapCommand<Question> {
  return defineImapCommand({
    name: 'GETMETADATA',
    rfc: 'RFC 5464 §4.2',
    states: ['authenticated', 'selected'],
    parse: parseQuestion,
    async run({ session, reply }, { mailbox: text, options, names }) {
      const mailbox = text === '' ? undefined : await findMailbox(session, text);
      const { depth, maxSize = Number.POSITIVE_INFINITY } = options;
      const asks = names.map((one) => ({ ...one, depth: Math.max(one.depth, depth) }));
      const values = await metadata.read(callOf(session, mailbox, 'GETMETADATA'), asks);
      let longest = 0;
      for (const [name, value] of values) {
        if (value === undefined || value.length <= maxSize) continue;
        longest = Math.max(longest, value.length);
        values.delete(name);
      }
      const shown = mailbox === undefined ? '""' : reply.mailbox(mailbox.name);
      // Values may be large: one line an entry and one write for all of them.
      if (values.size > 0) reply.untagged(metadataLine(reply, shown, values));
      if (longest > 0) reply.completed('Completed', `METADATA LONGENTRIES ${longest}`);
    },
  });
}

interface Assignment {
  readonly mailbox: string;
  readonly entries: ReadonlyMap<string, Uint8Array | undefined>;
}

export function setMetadata(metadata: MetadataStore): ImapCommand<Assignment> {
  return defineImapCommand({
    name: 'SETMETADATA',
    rfc: 'RFC 5464 §4.3',
    states: ['authenticated', 'selected'],
    parse(line) {
      line.sp();
      const mailbox = line.mailbox();
      line.sp();
      const entries = new Map<string, Uint8Array | undefined>();
      line.list(() => {
        const name = parseEntry(line);
        line.sp();
        const octets = line.octets();
        entries.set(name, octets === undefined ? undefined : Buffer.from(octets, 'latin1'));
      });
      if (entries.size > MAX_NAMES) line.fail(`at most ${MAX_NAMES} entries`);
      return { mailbox, entries };
    },
    async run({ session, reply }, { mailbox: text, entries }) {
      const mailbox = text === '' ? undefined : await findMailbox(session, text);
      for (const name of entries.keys()) checkWrite(session, mailbox, name, metadata.declared(name, mailbox));
      try {
        await metadata.write(callOf(session, mailbox, 'SETMETADATA'), entries);
      } catch (error) {
        if (!(error instanceof MetadataRefused)) throw error;
        reply.failed(error.message, error.code);
      }
    },
  });
}
