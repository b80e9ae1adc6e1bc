/**
 * Sending a message on (RFC 5228 §4.2): as it is, with its sender, and a field that says who has done it, by which a loop is
 * found. With a duplicate ledger a message goes to one address once, also when its delivery is tried again.
 */
import {
  type DuplicateHold,
  type DuplicateLedger,
  MailError,
  messageIds,
  type Outbound,
  type Recipient,
  type UserId,
} from '@angarium/sdk';
import type { Action } from '../runtime/actions.js';
import { Header } from '../runtime/header.js';
import type { SieveMessage } from '../runtime/message.js';
import { withDomain } from './reply.js';

/**
 * As Dovecot's Pigeonhole writes it, so that loops through both are found. It names the user, not the address: of those he
 * may have without end (details, a catchall), and a script that redirects to several of them would send without end.
 */
const LOOP_FIELD = 'X-Sieve-Redirected-From';
/** RFC 5321 §6.3: a message that was received so often goes in circles. */
const MAX_RECEIVED = 100;
const PIECE = 256 * 1024;

export interface RedirectEnvironment {
  readonly outbound: Outbound;
  readonly ledger: DuplicateLedger | undefined;
}

export type Redirection = Extract<Action, { is: 'redirect' }>;

export interface RedirectOccasion {
  readonly user: UserId;
  readonly recipient: Recipient;
  readonly message: SieveMessage;
  readonly sender: string;
  readonly isUtf8: boolean;
  readonly serverName: string;
}

/** Has it been here? Then it is kept, not sent on again. */
export function whyNotRedirected(occasion: RedirectOccasion): string | undefined {
  const { recipient, message } = occasion;
  const here = new Set([userAddress(occasion), recipient.address.address].map((one) => one.toLowerCase()));
  if (message.rawValues(LOOP_FIELD.toLowerCase()).some((value) => here.has(value.trim().toLowerCase())))
    return 'it was sent on from here before';
  return message.rawValues('received').length > MAX_RECEIVED ? 'it goes in circles' : undefined;
}

/** Answers what was done. @throws MailError when it cannot be sent. */
export async function redirect(
  env: RedirectEnvironment,
  occasion: RedirectOccasion,
  { address, header }: Redirection,
): Promise<string> {
  await using hold = await holdOf(env, occasion, address);
  const [verdict] = hold?.verdicts ?? [];
  if (verdict === 'repeat') return `redirect: it has been sent to ${address} before`;
  if (verdict === 'busy') throw new MailError('UNAVAILABLE', 'The message is being sent on');
  const { message, sender, isUtf8 } = occasion;
  const content = relayed(message, header, userAddress(occasion));
  await env.outbound.submit({ sender, recipient: address, content, isUtf8 });
  await hold?.confirm();
  return `redirect: sent to ${address}`;
}

function userAddress({ user, serverName }: RedirectOccasion): string {
  return withDomain(user, serverName);
}

async function holdOf(
  { ledger }: RedirectEnvironment,
  { user, message }: RedirectOccasion,
  address: string,
): Promise<DuplicateHold | undefined> {
  const [messageId] = messageIds(message.rawValues('message-id')[0] ?? '');
  if (messageId === undefined || ledger === undefined) return undefined;
  const date = message.rawValues('date')[0] ?? '';
  return ledger.hold([{ messageId, target: `redirect ${address.toLowerCase()}`, date, owner: user }]);
}

/** The message as the next one gets it: without the Return-Path of this delivery. */
async function* relayed(
  { staged, bodyOffset, header: original }: SieveMessage,
  edited: Header | undefined,
  address: string,
): AsyncGenerator<Uint8Array> {
  yield Buffer.from(`${LOOP_FIELD}: ${address}\r\n`, 'utf8');
  if (edited !== undefined) yield withoutReturnPath(edited, original).octets;
  for (let at = edited === undefined ? original.returnPathOctets : bodyOffset; at < staged.size; ) {
    const piece = await staged.read(at, Math.min(staged.size, at + PIECE));
    if (piece.length === 0) throw new MailError('UNAVAILABLE', 'The message could not be read again');
    at += piece.length;
    yield piece;
  }
}

/** What a script adds stands in front of it. */
function withoutReturnPath(edited: Header, original: Header): Header {
  const [first] = original.fields;
  return original.returnPathOctets === 0 ? edited : new Header(edited.fields.filter((one) => one !== first));
}
