/** URLFETCH (RFC 4467 §7) with the metadata of RFC 5524. Octets are streamed at the client's pace. */
import {
  type CommandLine,
  type DecodedPart,
  defineImapCommand,
  type ImapCommand,
  type ImapCommandContext,
} from '@angarium/sdk';
import { MAX_URLS } from './commands.js';
import type { Resolved, UrlResolver } from './resolver.js';

type Metadata = 'BODYPARTSTRUCTURE' | 'BINARY' | 'BODY';

interface FetchedUrl {
  readonly url: string;
  /** Empty: the octets alone, as RFC 4467 has it. */
  readonly metadata: ReadonlySet<Metadata>;
}

const known: readonly string[] = ['BODYPARTSTRUCTURE', 'BINARY', 'BODY'] satisfies Metadata[];

/** url-fetch-arg, RFC 5524 §5. */
function parseArgument(line: CommandLine): FetchedUrl {
  if (!line.tryExpect('(')) return { url: line.astring(), metadata: new Set() };
  const url = line.astring();
  const metadata = new Set<Metadata>();
  while (line.trySp()) {
    const word = line.keyword();
    if (!known.includes(word) || metadata.has(word as Metadata))
      line.fail('BODY, BINARY or BODYPARTSTRUCTURE, each once');
    metadata.add(word as Metadata);
  }
  if (metadata.has('BODY') && metadata.has('BINARY')) line.fail('BODY or BINARY, not both');
  line.expect(')');
  return { url, metadata };
}

export function urlFetch(resolver: UrlResolver): ImapCommand<readonly FetchedUrl[]> {
  return defineImapCommand({
    name: 'URLFETCH',
    rfc: 'RFC 4467 §7',
    states: ['authenticated', 'selected'],
    parse(line) {
      const urls: FetchedUrl[] = [];
      do {
        if (urls.length === MAX_URLS) line.fail(`at most ${MAX_URLS} URLs`);
        line.sp();
        urls.push(parseArgument(line));
      } while (!line.isAtEnd);
      return urls;
    },
    async run(context, urls) {
      const { session, reply } = context;
      for (const { url, metadata } of urls) {
        const resolved = await resolver.resolve(session, url);
        // One response for each: a failure on the way leaves no half of one (RFC 5524 §5: 1*).
        const start = `* URLFETCH ${reply.quote(url)}`;
        if (resolved === undefined) reply.write(`${start} NIL\r\n`);
        else if (metadata.size === 0) await writeSimple(context, start, resolved);
        else await writeMetadata(context, start, resolved, metadata);
      }
    },
  });
}

async function writeSimple(context: ImapCommandContext, start: string, resolved: Resolved): Promise<void> {
  await writeOctets(context, `${start} `, bodyOf(resolved), '\r\n');
}

async function writeMetadata(
  context: ImapCommandContext,
  start: string,
  resolved: Resolved,
  metadata: ReadonlySet<Metadata>,
): Promise<void> {
  const { part } = resolved;
  const decoded = metadata.has('BINARY') ? await part.decoded() : undefined;
  let text = start;
  if (metadata.has('BODYPARTSTRUCTURE')) {
    const structure = await part.structure(decoded);
    text += ` (BODYPARTSTRUCTURE ${structure ?? 'NIL'})`;
  }
  if (metadata.has('BODY')) await writeOctets(context, `${text} (BODY `, bodyOf(resolved), ')\r\n');
  else if (!metadata.has('BINARY')) context.reply.write(`${text}\r\n`);
  else if (decoded === undefined) context.reply.write(`${text} (BINARY NIL)\r\n`);
  else await writeOctets(context, `${text} (BINARY `, binaryOf(decoded, resolved), ')\r\n');
}

/** What fills a literal. */
interface Octets {
  readonly length: number;
  readonly hasNul: boolean;
  bytes(): AsyncIterable<Buffer>;
}

function bodyOf({ part, from, to }: Resolved): Octets {
  const start = Math.min(from, part.size);
  const end = Math.min(to, part.size);
  return { length: Math.max(0, end - start), hasNul: false, bytes: () => part.bytes(start, end) };
}

/** A byte range is of the octets that are sent. */
function binaryOf(decoded: DecodedPart, { from, to }: Resolved): Octets {
  const start = Math.min(from, decoded.size);
  const end = Math.min(to, decoded.size);
  return { length: end - start, hasNul: decoded.hasNul, bytes: () => slice(decoded.bytes(), start, end) };
}

async function* slice(source: AsyncIterable<Buffer>, start: number, end: number): AsyncGenerator<Buffer> {
  let at = 0;
  for await (const bytes of source) {
    const from = Math.max(0, start - at);
    const to = Math.min(bytes.length, end - at);
    at += bytes.length;
    if (from < to) yield bytes.subarray(from, to);
    if (at >= end) return;
  }
}

async function writeOctets(
  { session, reply }: ImapCommandContext,
  head: string,
  octets: Octets,
  tail: string,
): Promise<void> {
  if (octets.length === 0) {
    reply.write(`${head}""${tail}`);
    return;
  }
  reply.write(`${head}${octets.hasNul ? '~' : ''}{${octets.length}}\r\n`);
  let left = octets.length;
  try {
    for await (const bytes of octets.bytes()) {
      left -= bytes.length;
      if (left < 0) break;
      if (!reply.write(bytes)) await reply.drain();
    }
    if (left !== 0) throw new Error(`a literal is ${left} octets short`);
  } catch (error) {
    // Nothing can be said inside of a literal.
    session.connection.destroy(error as Error);
    throw error;
  }
  reply.write(tail);
}
