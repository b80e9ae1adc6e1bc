/** What several tests ask over IMAP. */
import { ImapTestClient } from '@angarium/testing';

/** Logged in at a running server. */
export async function imapSession(port: number, user: string, password: string): Promise<ImapTestClient> {
  const client = await ImapTestClient.connect(port);
  await client.login(user, password);
  return client;
}

/** The Subject of every message of a mailbox, in order. */
export async function subjects(client: ImapTestClient, mailbox: string): Promise<string[]> {
  const { untagged } = await client.ok(`EXAMINE ${mailbox}`);
  if (untagged.includes('0 EXISTS')) return [];
  const fetched = await client.ok('FETCH 1:* (BODY.PEEK[HEADER.FIELDS (SUBJECT)])');
  return fetched.untagged.map((line) => /Subject: (.*)\r\n/.exec(line)?.[1] ?? '');
}
