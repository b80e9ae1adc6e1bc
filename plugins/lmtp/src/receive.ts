/** The message of a transaction: into the store, through delivery, one reply a recipient. */
import { DotBody, formatMailDate, ReadError, type Recipient, type StagedMessage } from '@angarium/sdk';
import { type IntakeRules, takeIn } from './intake/intake.js';
import { traceFields } from './intake/trace-fields.js';
import type { Reply } from './replies.js';
import type { LmtpSession, Transaction } from './session.js';

export function intakeRules(
  session: LmtpSession,
  transaction: Transaction,
  sizeHint: number | undefined,
): IntakeRules {
  const { environment, connection } = session;
  const { config, host, clock } = environment;
  const { envelope, recipients, isBinary } = transaction;
  const timeMs = clock.now();
  const trace = traceFields({
    sender: envelope.sender,
    clientName: session.client?.helo ?? session.clientName,
    clientAddress: session.remoteAddress,
    serverName: host.serverName,
    version: host.version,
    session: connection.id,
    isSecured: connection.tls !== undefined,
    isAuthenticated: session.identity !== undefined,
    isUtf8: envelope.isUtf8,
    recipient: recipients.length === 1 ? recipients[0]?.address.address : undefined,
    timeMs,
  });
  return {
    trace,
    messageId: `Message-ID: <lmtp-${host.workerId}-${timeMs}-${nextNumber()}@${host.serverName}>\r\n`,
    date: `Date: ${formatMailDate(timeMs)}\r\n`,
    malformed: config.malformed,
    // With SMTPUTF8 they are what RFC 6532 §3 allows.
    eightBit: envelope.isUtf8 ? 'keep' : config.eightBitHeaders,
    maxBytes: config.maxMessageBytes,
    isBinary,
    sizeHint: sizeHint ?? transaction.declaredSize,
  };
}

let lastNumber = 0;
function nextNumber(): number {
  return ++lastNumber;
}

/** DATA: reads up to the terminator, whatever happens. @throws ReadError when the client goes away inside. */
export async function takeDotBody(session: LmtpSession, transaction: Transaction): Promise<StagedMessage> {
  const body = new DotBody(session.connection);
  try {
    return await takeIn(session.environment.store, body, intakeRules(session, transaction, undefined));
  } catch (error) {
    if (!(error instanceof ReadError)) await body.skipRest();
    throw error;
  }
}

/**
 * Delivers what `take` answers, and replies. Every accepted recipient gets its reply; when the message could not be
 * taken in they all get the same. @throws ReadError: the client has gone, nothing is filed and nobody is told.
 */
export async function receive(
  session: LmtpSession,
  transaction: Transaction,
  take: () => Promise<StagedMessage>,
): Promise<void> {
  const { recipients, envelope } = transaction;
  let replies: Reply[];
  try {
    await using message = await take();
    await session.environment.delivery.deliver(message, envelope, recipients);
    replies = recipients.map((recipient) => replyFor(session, recipient));
  } catch (error) {
    if (error instanceof ReadError) throw error;
    const reply = session.replyFor(error, 'message');
    replies = recipients.map(() => reply);
  }
  for (const reply of replies) {
    session.answerWith(reply);
    const draining = session.drained();
    if (draining !== undefined) await draining;
  }
  session.forwarded = undefined;
  session.enter({ is: 'ready' });
}

function replyFor(session: LmtpSession, { outcome }: Recipient): Reply {
  if (outcome?.is === 'refused') return session.replyForRecipient(outcome.error);
  if (outcome === undefined) return session.replyFor(new Error('a recipient has no outcome'), 'message');
  return { code: 250, status: '2.1.5', text: `Success SESSIONID=<${session.connection.id}>` };
}
