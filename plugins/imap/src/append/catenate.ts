/** CATENATE (RFC 4469): a message made of text from the client and of parts of messages that are here. */
import {
  type CommandLine,
  isMailError,
  MailError,
  normaliseLineEnds,
  parseImapUrl,
  Right,
} from '@angarium/sdk';
import { PartProvider } from '../fetch/parts.js';
import type { Session } from '../session.js';
import { withoutNul } from './nul.js';

type CatPart = { readonly kind: 'TEXT' | 'UTF8' } | { readonly kind: 'URL'; readonly url: string };

/** Behind `CATENATE (`, up to and with the closing parenthesis. @throws BadUrl; MailError TOOBIG, BADMESSAGE */
export async function* catenated(
  session: Session,
  line: CommandLine,
  maxBytes: number,
): AsyncGenerator<Buffer> {
  let left = maxBytes;
  do {
    const part = await line.readOn(() => catPart(line));
    if (part.kind === 'URL') {
      for await (const bytes of bytesOfUrl(session, part.url)) {
        left -= bytes.length;
        yield bytes;
      }
      continue;
    }
    const literal = line.literalStream();
    // Before the client is asked to send it.
    if (literal.size > left) throw new MailError('TOOBIG', `A message may have ${maxBytes} octets at most`);
    left -= literal.size;
    const isUtf8 = part.kind === 'UTF8';
    if (literal.isBinary !== isUtf8) line.fail(isUtf8 ? 'a literal8' : 'a literal that is no literal8');
    yield* normaliseLineEnds(withoutNul(literal.bytes));
    await line.more();
    if (isUtf8) line.expect(')');
  } while (await line.readOn(() => line.trySp()));
  await line.readOn(() => line.expect(')'));
}

function catPart(line: CommandLine): CatPart {
  const kind = line.keyword();
  if (kind !== 'TEXT' && kind !== 'URL' && kind !== 'UTF8') line.fail('TEXT, URL or UTF8');
  line.sp();
  // RFC 6855 §4.
  if (kind === 'UTF8') line.expect('(');
  if (kind === 'URL') return { kind, url: line.astring() };
  if (!line.isAtLiteral) line.fail('a literal');
  return { kind };
}

/** The URL is what is wrong: NO [BADURL …] (RFC 4469 §4.1). */
export class BadUrl extends Error {
  override readonly name = 'BadUrl';
  constructor(readonly url: string) {
    super('The URL names no message or part that is here');
  }
}

const parts = new PartProvider();

/** Octets as FETCH BODY would answer them; \Seen is not set (RFC 4469 §3). */
async function* bytesOfUrl(session: Session, text: string): AsyncGenerator<Buffer> {
  const url = parseImapUrl(text);
  // Only messages that this session may read, by relative URLs (RFC 4469 §3).
  if (url === undefined || url.server !== undefined || url.authorization !== undefined)
    throw new BadUrl(text);
  const mailbox = await mailboxOfUrl(session, url.mailbox, url.uidValidity);
  const part = mailbox === undefined ? undefined : await parts.open(mailbox, url.uid, url.section);
  if (part === undefined) throw new BadUrl(text);
  const { start = 0, count } = url.partial ?? {};
  yield* part.bytes(start, count === undefined ? Number.POSITIVE_INFINITY : start + count);
}

/** Undefined: it is not there, may not be read, or is another by now. */
async function mailboxOfUrl(session: Session, name: string | undefined, uidValidity: number | undefined) {
  if (name === undefined && session.state !== 'selected') return undefined;
  try {
    const entry =
      name === undefined
        ? session.selected.entry
        : await session.findByText(/^inbox$/i.test(name) ? 'INBOX' : name, { rights: Right.read });
    if (uidValidity !== undefined && uidValidity !== entry.uidValidity) return undefined;
    return session.store.mailbox(entry.id, session.identity.user);
  } catch (error) {
    if (isMailError(error) && ['NONEXISTENT', 'NOPERM', 'CANNOT'].includes(error.code)) return undefined;
    throw error;
  }
}
