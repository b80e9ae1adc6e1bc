/** A message on its way from the client to the store, in one of the forms that APPEND knows; never in memory as a whole. */
import {
  type CommandLine,
  MailError,
  normaliseLineEnds,
  type StagedMessage,
  type StageOptions,
} from '@angarium/sdk';
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
    const message = await session.store.stage(catenated(session, line, maxBytes), { maxBytes });
    if (message.size > 0) return message;
    await message[Symbol.asyncDispose]();
    throw noOctets();
  }
  const { size, isBinary, bytes } = line.literalStream();
  // Before the client is asked to send it.
  if (size > maxBytes) throw new MailError('TOOBIG', `A message may have ${maxBytes} octets at most`);
  if (size === 0) throw noOctets();
  const options = { maxBytes, sizeHint: size };
  // Leniency: bare LF as sent by scripts and some migrations; a stored message has CRLF (RFC 5322 §2.1).
  const message = isBinary
    ? await stageBinary(session, bytes, options)
    : await session.store.stage(normaliseLineEnds(withoutNul(bytes)), options);
  await line.more();
  return message;
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
