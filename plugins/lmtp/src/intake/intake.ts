/**
 * A message from the client to the store: line ends made CRLF, header rewritten, size and NULs watched, in one pass
 * without holding more than the header. The store's `stage` pulls; nothing is read ahead of it.
 */
import { LineEndNormaliser, MailError, type MailStore, type StagedMessage } from '@angarium/sdk';
import { MAX_ADDED_BYTES } from '../limits.js';
import { HeaderRewriter, type HeaderRules } from './header-rewriter.js';

export interface IntakeRules extends HeaderRules {
  /** Octets as the client sends them. */
  readonly maxBytes: number;
  /** BODY=BINARYMIME: every octet stays (RFC 3030 §3). */
  readonly isBinary: boolean;
  readonly sizeHint: number | undefined;
}

/** @throws what the source throws; MailError TOOBIG, BADMESSAGE, and what the store throws. */
export async function takeIn(
  store: MailStore,
  source: AsyncIterable<Buffer>,
  rules: IntakeRules,
): Promise<StagedMessage> {
  const failure: { error: unknown } = { error: undefined };
  const { sizeHint } = rules;
  try {
    return await store.stage(rewritten(source, rules, failure), {
      maxBytes: rules.maxBytes + MAX_ADDED_BYTES,
      ...(sizeHint === undefined ? {} : { sizeHint }),
    });
  } catch (error) {
    // Our own reason, not what the store made of it.
    throw failure.error ?? error;
  }
}

async function* rewritten(
  source: AsyncIterable<Buffer>,
  rules: IntakeRules,
  failure: { error: unknown },
): AsyncGenerator<Buffer> {
  const lineEnds = rules.isBinary ? undefined : new LineEndNormaliser();
  const header = new HeaderRewriter(rules);
  let bytes = 0;
  try {
    for await (const chunk of source) {
      bytes += chunk.length;
      check(chunk, bytes, rules);
      const out = header.push(lineEnds?.push(chunk) ?? chunk);
      if (out.length > 0) yield out;
    }
    const last = header.end();
    if (last.length > 0) yield last;
  } catch (error) {
    failure.error = error;
    throw error;
  }
}

function check(chunk: Buffer, bytes: number, rules: IntakeRules): void {
  if (bytes > rules.maxBytes) {
    throw new MailError('TOOBIG', `The message is larger than ${rules.maxBytes} octets`);
  }
  if (!rules.isBinary && rules.malformed === 'reject' && chunk.includes(0)) {
    throw new MailError('BADMESSAGE', 'The message contains NUL octets', { enhancedStatus: '5.6.0' });
  }
}
