/**
 * Automatic answers (RFC 5230). Who was answered is written down before the answer goes out: a crash in between loses an
 * answer, and never sends two.
 */
import { createHash } from 'node:crypto';
import { isMailError, type Outbound, type Recipient, type RecordSpace, type UserId } from '@angarium/sdk';
import type { VacationConfig } from '../config.js';
import { mailboxOf } from '../extensions/vacation.js';
import type { Vacation } from '../runtime/actions.js';
import type { SieveMessage } from '../runtime/message.js';
import { whyNotAnswered } from './automatic.js';
import { OwnAddresses } from './own-addresses.js';
import { addressField, replyHeader, textBody, withDomain, withLineEnd } from './reply.js';

const DAY_MS = 86_400_000;
/** RFC 5322 §3.6.4 asks for all of them; answers to endless threads stay small. */
const MAX_REFERENCES = 2000;

export interface VacationEnvironment {
  readonly outbound: Outbound;
  readonly ledger: RecordSpace;
  readonly config: VacationConfig;
  readonly detailSeparators: string;
  readonly serverName: string;
}

/** A message to be answered, and for whom. */
export interface Occasion {
  readonly user: UserId;
  readonly recipient: Recipient;
  readonly message: SieveMessage;
  readonly sender: string;
  readonly nowMs: number;
}

/** Answers what was done, for the trace. */
export async function answer(
  env: VacationEnvironment,
  occasion: Occasion,
  action: Vacation,
): Promise<string> {
  const { recipient, message, sender, user, nowMs } = occasion;
  const own = new OwnAddresses(recipient, action.addresses, env.detailSeparators);
  // What a script takes out of the header does not make a machine a man.
  const headers = [message.header, action.header ?? message.header];
  const reason = headers.map((header) => whyNotAnswered(header, sender)).find((why) => why !== undefined);
  if (reason !== undefined) return `vacation: not answered, ${reason}`;
  if (own.has(sender)) return 'vacation: not answered, its sender is the user';
  if (!own.areNamedIn(message)) return 'vacation: not answered, no address of the user is in its header';
  const key = createHash('sha256')
    .update(JSON.stringify([sender.toLowerCase(), action.handle]))
    .digest('base64url');
  const expiresMs = nowMs + periodMs(env.config, action.seconds);
  const mark = Buffer.from(String(nowMs));
  if (
    expiresMs > nowMs &&
    !(await env.ledger.write(user, [{ key, value: mark, expiresMs, expect: 'absent' }]))
  )
    return `vacation: ${sender} has been answered already`;
  try {
    const content = [Buffer.from(answerText(env, occasion, action), 'utf8')];
    await env.outbound.submit({ sender: '', recipient: sender, content });
    return `vacation: ${sender} was answered`;
  } catch (error) {
    return `vacation: the answer could not be sent: ${isMailError(error) ? error.publicText : 'a fault of the server'}`;
  }
}

/** `:seconds 0` answers every message where the operator allows it. */
function periodMs({ minDays, maxDays }: VacationConfig, seconds: number): number {
  return Math.min(Math.max(seconds * 1000, minDays * DAY_MS), maxDays * DAY_MS);
}

function answerText(env: VacationEnvironment, occasion: Occasion, action: Vacation): string {
  const { recipient, message, sender, nowMs } = occasion;
  const from = action.from ?? withDomain(recipient.address.address, env.serverName);
  const header = action.header ?? message.header;
  const [subject = ''] = header.values('subject');
  const [id] = header.rawValues('message-id');
  const references = [...header.rawValues('references'), ...(id === undefined ? [] : [id])].join(' ');
  const fields: [string, string][] = [['Auto-Submitted', 'auto-replied (vacation)']];
  if (id !== undefined && /^[\x20-\x7e]{1,900}$/.test(id)) {
    const isShort = references.length <= MAX_REFERENCES && /^[\x20-\x7e]*$/.test(references);
    fields.push(['In-Reply-To', id], ['References', isShort ? references : id]);
  }
  const written = replyHeader({
    from: mailboxOf(from) === from.trim() ? from : addressField(from),
    to: sender,
    // RFC 5230 §4.4
    subject: action.subject ?? `Auto: ${subject}`,
    nowMs,
    serverName: env.serverName,
    fields,
  });
  return written + (action.isMime ? withLineEnd(mimeEntity(action.reason)) : textBody(action.reason));
}

/** The reason is an entity; fields that are not its own would change the answer's header. */
function mimeEntity(reason: string): string {
  const text = reason.replace(/\r?\n/g, '\r\n');
  const end = text.startsWith('\r\n') ? 0 : text.indexOf('\r\n\r\n') + 2;
  if (end === 1) return `\r\n${text}`;
  const fields = text.slice(0, end).match(/^[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*/gm) ?? [];
  return fields.filter((one) => /^content-[\x21-\x39\x3b-\x7e]*:/i.test(one)).join('') + text.slice(end);
}
