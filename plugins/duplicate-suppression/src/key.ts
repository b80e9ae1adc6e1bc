/**
 * What makes two messages the same one, as in Cyrus: the Message-ID and the Date field as it is written, so that a message sent
 * again (Resent, a list that rewrites the date) is another. The mailbox is part of the key by where the mark is kept.
 */
import { createHash } from 'node:crypto';
import type { DeliveryKey, StagedMessage } from '@angarium/sdk';

/** For people who look at the list; the key has all of it. */
const MAX_SHOWN = 250;

export interface MessageKey {
  readonly messageId: string;
  /** '' when there is none. */
  readonly date: string;
}

/** Undefined: the message has no Message-ID, and none like it is ever a repeat. */
export function messageKey({ summary }: StagedMessage): MessageKey | undefined {
  const messageId = summary.messageId();
  return messageId === '' ? undefined : { messageId, date: (summary.cachedHeader('Date') ?? '').trim() };
}

/** The Message-ID's part comes first: what is remembered of a message is found by it. */
export function markKey({ messageId, date }: MessageKey): string {
  return `${idPart(messageId)}${digest(date).slice(0, 11)}`;
}

/** Angle brackets are for the header alone. */
export function idPart(messageId: string): string {
  return digest(messageId.replace(/^<(.*)>$/su, '$1')).slice(0, 22);
}

export function holdKey({ messageId, target, date }: DeliveryKey): string {
  return digest([messageId, target, date].map((part) => `${Buffer.byteLength(part)}:${part}`).join());
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

/** What a mark says of itself. */
export interface MarkValue {
  readonly timeMs: number;
  readonly messageId: string;
  readonly date: string;
}

export function encodeMark({ timeMs, messageId, date }: MarkValue): Buffer {
  return Buffer.from(
    JSON.stringify([timeMs, messageId.slice(0, MAX_SHOWN), date.slice(0, MAX_SHOWN)]),
    'utf8',
  );
}

/** Never throws: what cannot be read is shown as nothing. */
export function decodeMark(value: Uint8Array): MarkValue {
  try {
    const [timeMs, messageId, date] = JSON.parse(Buffer.from(value).toString('utf8')) as unknown[];
    return { timeMs: Number(timeMs), messageId: String(messageId), date: String(date) };
  } catch {
    return { timeMs: 0, messageId: '', date: '' };
  }
}
