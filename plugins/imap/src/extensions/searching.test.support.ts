/** Tables of commands and answers against a mailbox of small messages. */
import assert from 'node:assert/strict';
import type { ImapTestClient } from '@angarium/testing';
import { type ServerOptions, TestServer } from '../server.test.support.js';

/** Command, untagged lines, and the tagged reply if it is not OK. */
export type Exchange = readonly [command: string, untagged: readonly string[], tagged?: RegExp];

export interface Mail {
  readonly text: string;
  readonly flags?: string;
  /** `01-Feb-2020 00:00:00 +0000` */
  readonly date?: string;
}

export async function append(client: ImapTestClient, mailbox: string, mails: readonly Mail[]): Promise<void> {
  for (const { text, flags = '', date } of mails) {
    const when = date === undefined ? '' : `"${date}" `;
    const answer = await client.withLiterals(
      `APPEND ${mailbox} (${flags}) ${when}`,
      Buffer.from(text.replace(/\r?\n/g, '\r\n')),
    );
    assert.equal(answer.status, 'OK', answer.text);
  }
}

/** A server, and a client that has these messages selected. */
export async function mailbox(
  mails: readonly Mail[],
  options: ServerOptions = {},
): Promise<{ server: TestServer; client: ImapTestClient }> {
  const server = await TestServer.start(options);
  const client = await server.loggedIn();
  await append(client, 'INBOX', mails);
  await client.ok('SELECT INBOX');
  return { server, client };
}

/** In order, in one session. Tags in answers are written as TAG. */
export async function talk(client: ImapTestClient, exchanges: readonly Exchange[]): Promise<void> {
  for (const [command, untagged, tagged = /^OK/] of exchanges) {
    const answer = await client.command(command);
    const lines = answer.untagged.map((line) => line.replace(/TAG "t\d+"/, 'TAG'));
    assert.deepEqual(lines, untagged, command);
    assert.match(`${answer.status} ${answer.text}`, tagged, command);
  }
}

export const numbered = (count: number): Mail[] =>
  Array.from({ length: count }, (_, i) => ({
    text: `From: user${i % 3}@example.org\nSubject: number ${i + 1}\n\nbody ${i}\n`,
  }));
