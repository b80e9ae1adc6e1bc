/** A message on its way from the client to the store, in one of the forms that APPEND knows; never in memory as a whole. */
import {
  type CommandLine,
  MailError,
  normaliseLineEnds,
  type StagedMessage,
  type StageOptions,
} from '@angarium/sdk';
import { refusing8bitHeader } from '../extensions/utf8/append.js';
import type { Session } from '../session.js';
import { catenated } from './catenate.js';
import { withoutBinaryParts } from './encode-binary.js';
import { withoutNul } from './nul.js';
import type { Options } from './options.js';

/** At what `parseOptions` has stopped at. The line is then behind the message: `line.more()` has been done. */
export async function stageMessage(
  session: Session,
  line: CommandLine,
  form: Options['form'],
  maxBytes: number,
): Promise<StagedMessage> {
  if (form === 'catenate') {
    const source = admitted(session, catenated(session, line, maxBytes));
    const message = await session.store.stage(source, { maxBytes });
    if (message.size > 0) return message;
    await message[Symbol.asyncDispose]();
    throw noOctets();
  }
  if (form === 'utf8' && !session.usesUtf8) throw new MailError('CANNOT', 'UTF8 needs ENABLE UTF8=ACCEPT');
  const { size, isBinary, bytes } = line.literalStream();
  if (form === 'utf8' && !isBinary) line.fail('a literal8');
  // Before the client is asked to send it.
  if (size > maxBytes) throw new MailError('TOOBIG', `A message may have ${maxBytes} octets at most`);
  if (size === 0) throw noOctets();
  const options = { maxBytes, sizeHint: size };
  // Leniency: bare LF as sent by scripts and some migrations; a stored message has CRLF (RFC 5322 §2.1).
  const source = admitted(session, bytes);
  const message =
    isBinary && form !== 'utf8'
      ? await stageBinary(session, source, options)
      : await session.store.stage(normaliseLineEnds(withoutNul(source)), options);
  await line.more();
  if (form === 'utf8') line.expect(')');
  return message;
}

/** RFC 6855 §4: no header in UTF-8 from clients that have not enabled it. */
function admitted(session: Session, source: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  const { utf8, append8bitHeaders } = session.services.config;
  const mayBe8bit = session.usesUtf8 || append8bitHeaders || utf8 === 'off';
  return mayBe8bit ? source : refusing8bitHeader(source);
}

function noOctets(): MailError {
  return new MailError('CANNOT', 'A message without any octets cannot be stored');
}

/**
 * A literal8 is stored as it is. What has NUL in it cannot be told by BODY[…] (RFC 3501 §9 CHAR8), so parts of encoding
 * `binary` that have are encoded, as RFC 3516 §4.4 allows; anywhere else NUL is refused.
 */
async function stageBinary(
  session: Session,
  source: AsyncIterable<Buffer>,
  options: StageOptions,
): Promise<StagedMessage> {
  let hasNul = false;
  async function* watched(): AsyncGenerator<Buffer> {
    for await (const chunk of source) {
      hasNul ||= chunk.includes(0);
      yield chunk;
    }
  }
  const message = await session.store.stage(watched(), options);
  if (!hasNul) return message;
  await using original = message;
  return await session.store.stage(withoutBinaryParts(original), { maxBytes: options.maxBytes });
}
