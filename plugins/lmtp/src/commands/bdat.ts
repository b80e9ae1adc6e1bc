import { CommandSyntaxError, defineTextCommand, ReadError } from '@angarium/sdk';
import { ChunkedMessage } from '../chunked-message.js';
import { intakeRules, receive } from '../receive.js';
import type { LmtpSession, Transaction } from '../session.js';

/**
 * RFC 3030 §2, RFC 2033 §4.3. Allowed in every state, as its octets must be read whatever is wrong: what is left
 * unread would be taken for commands. For the same reason a size that cannot be read ends the session (see protocol.ts).
 */
export const bdat = defineTextCommand({
  name: 'BDAT',
  syntax: 'BDAT size [LAST]',
  rfc: '3030#2',
  states: 'any',
  parse(args) {
    const size = args.expectNumber('Size', Number.MAX_SAFE_INTEGER);
    const isLast = !args.isAtEnd;
    if (isLast && !args.tryText('LAST')) throw new CommandSyntaxError('LAST expected');
    args.expectEnd();
    return { size, isLast };
  },
  async run(session: LmtpSession, { size, isLast }) {
    const { current, connection } = session;
    if (current.is === 'greeted' || current.is === 'ready') {
      await connection.skip(size);
      return session.answer(503, '5.5.1', 'MAIL and RCPT first');
    }
    const { transaction } = current;
    if (current.is === 'failed' || transaction.recipients.length === 0) {
      await connection.skip(size);
      return refuseChunk(session, transaction, isLast);
    }
    const message = current.is === 'chunks' ? current.message : begin(session, transaction, size, isLast);
    await (isLast
      ? receive(session, transaction, () => lastChunk(session, message, size))
      : nextChunk(session, transaction, message, size));
  },
});

function begin(
  session: LmtpSession,
  transaction: Transaction,
  size: number,
  isLast: boolean,
): ChunkedMessage {
  const rules = intakeRules(session, transaction, isLast ? size : undefined);
  const message = new ChunkedMessage(session.environment.store, rules);
  session.enter({ is: 'chunks', transaction, message });
  return message;
}

async function nextChunk(
  session: LmtpSession,
  transaction: Transaction,
  message: ChunkedMessage,
  size: number,
): Promise<void> {
  try {
    await message.add(session.connection, size);
  } catch (error) {
    message.abandon();
    session.enter({ is: 'failed', transaction });
    if (error instanceof ReadError) throw error;
    return session.refuse(error, 'BDAT');
  }
  session.answer(250, '2.0.0', `${size} octets received`);
}

async function lastChunk(session: LmtpSession, message: ChunkedMessage, size: number) {
  try {
    await message.add(session.connection, size);
  } catch (error) {
    message.abandon();
    throw error;
  }
  return message.finish();
}

/** In a pipeline the client counts on one reply for each recipient after LAST, although a chunk before it failed. */
function refuseChunk(session: LmtpSession, transaction: Transaction, isLast: boolean): void {
  const refuse = () => session.answer(503, '5.5.1', 'The transaction has failed');
  if (!isLast) {
    session.enter({ is: 'failed', transaction });
    refuse();
    return;
  }
  transaction.recipients.forEach(refuse);
  session.enter({ is: 'ready' });
}
