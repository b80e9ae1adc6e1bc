/** A server with every mechanism, and an IMAP client that runs exchanges by hand. */
import { createHmac } from 'node:crypto';
import type { ImapTestClient, SaslClient } from '@angarium/testing';
import { type ServerOptions, TestServer } from '../support/server.js';

/** Everything switched on that is off by default. */
const everything = {
  workers: '1',
  'plugins.accounts-local.plainSecrets': 'true',
  'plugins.sasl-digest-md5': '{"realm":"example.org"}',
  'plugins.sasl-anonymous': '{}',
  'plugins.authentication.admins': '["admin","boss@example.net"]',
  'plugins.authentication.failedLoginPause': '50',
};

/** fred and admin, both with the password "secret". */
export function startServer(options: ServerOptions = {}): Promise<TestServer> {
  return TestServer.start({
    users: { fred: 'secret', admin: 'secret' },
    ...options,
    set: { ...everything, ...options.set },
  });
}

export interface ExchangeOptions {
  /** Send the first message with the command (SASL-IR). */
  readonly isInitial?: boolean;
}

/** AUTHENTICATE to its tagged answer, without the tag. */
export async function authenticate(
  client: ImapTestClient,
  mechanism: string,
  sasl: SaslClient,
  { isInitial = true }: ExchangeOptions = {},
): Promise<string> {
  const initial = isInitial ? sasl.initial : undefined;
  const argument = initial === undefined ? '' : ` ${initial.toString('base64') || '='}`;
  client.sendLine(`a AUTHENTICATE ${mechanism}${argument}`);
  for (;;) {
    const line = await client.line();
    if (line.startsWith('a ')) return line.slice(2);
    if (!line.startsWith('+ ')) continue;
    const challenge = Buffer.from(line.slice(2), 'base64');
    client.sendLine(sasl.respond(challenge).toString('base64'));
  }
}

/** What an authenticator shows (RFC 6238), written for tests alone. */
export function codeNow(base32: string): string {
  const bits = [...base32].map((letter) =>
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'),
  );
  const octets = bits
    .join('')
    .match(/.{8}/g)!
    .map((octet) => Number.parseInt(octet, 2));
  const counter = Buffer.alloc(8);
  counter.writeUInt32BE(Math.floor(Date.now() / 30_000), 4);
  const mac = createHmac('sha1', Buffer.from(octets)).update(counter).digest();
  const at = mac[19]! & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}
