/** The fields that this hop writes in front of a message (RFC 5321 §4.4). */
import { formatMailDate } from '@angarium/sdk';

export interface TraceFacts {
  /** Reverse path without <>. */
  readonly sender: string;
  /** As the client gave it to LHLO. */
  readonly clientName: string;
  /** Address of the client; 'unix' for unix sockets. */
  readonly clientAddress: string;
  readonly serverName: string;
  readonly version: string;
  readonly session: string;
  readonly isSecured: boolean;
  readonly isAuthenticated: boolean;
  readonly isUtf8: boolean;
  /** The only recipient: more are nobody's business. */
  readonly recipient: string | undefined;
  readonly timeMs: number;
}

/** Return-Path and Received, with CRLF, latin1. */
export function traceFields(facts: TraceFacts): string {
  const { clientAddress, serverName, version, session, recipient, timeMs } = facts;
  const place = clientAddress === 'unix' ? 'unix socket' : addressLiteral(clientAddress);
  const lines = [
    `Return-Path: <${octets(facts.sender)}>`,
    `Received: from ${nameOf(facts.clientName)} (${place})`,
    `\tby ${serverName} (Angarium ${version}) with ${protocolOf(facts)} id ${session}`,
    ...(recipient === undefined ? [] : [`\tfor <${octets(recipient)}>`]),
  ];
  return `${lines.join('\r\n')};\r\n\t${formatMailDate(timeMs)}\r\n`;
}

/** RFC 3848, RFC 6531 §4.3. */
function protocolOf({ isSecured, isAuthenticated, isUtf8 }: TraceFacts): string {
  return `${isUtf8 ? 'UTF8' : ''}LMTP${isSecured ? 'S' : ''}${isAuthenticated ? 'A' : ''}`;
}

function addressLiteral(address: string): string {
  return address.includes(':') ? `[IPv6:${address}]` : `[${address}]`;
}

/** Only what a domain or an address literal is made of: the client may have said anything. */
function nameOf(clientName: string): string {
  return clientName.replace(/[^A-Za-z0-9.:[\]_-]/g, '?').slice(0, 255) || 'unknown';
}

function octets(text: string): string {
  return Buffer.from(text, 'utf8').latin1Slice();
}
