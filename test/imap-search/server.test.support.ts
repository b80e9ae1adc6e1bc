/** IMAP with the searching plugins over a store in memory, and tables of what is said. */
import assert from 'node:assert/strict';
import { MANAGED_ACCOUNTS, userId } from '@angarium/sdk';
import { createTestKernel, ImapTestClient, memoryStore, type TestKernel } from '@angarium/testing';

export class SearchServer implements AsyncDisposable {
  private constructor(readonly kernel: TestKernel) {}

  /** Users fred and joe, passwords `secret`. */
  static async start(
    searching: readonly string[] = ['imap-sort', 'imap-multisearch', 'imap-filters'],
    imap: Readonly<Record<string, unknown>> = {},
  ): Promise<SearchServer> {
    const plugins = [
      memoryStore,
      'accounts-local',
      'authentication',
      'namespace',
      { name: 'imap', config: { listen: [], ...imap } },
      ...searching,
    ];
    const kernel = await createTestKernel({ plugins });
    const accounts = kernel.get(MANAGED_ACCOUNTS);
    for (const name of ['fred', 'joe']) await accounts.create(userId(name), { password: 'secret' });
    return new SearchServer(kernel);
  }

  async loggedIn(user = 'fred'): Promise<ImapTestClient> {
    const client = new ImapTestClient(this.kernel.connect('imap'));
    await client.login(user, 'secret');
    return client;
  }

  /** With these messages in the INBOX, selected. */
  async selected(mails: readonly Mail[]): Promise<ImapTestClient> {
    const client = await this.loggedIn();
    await append(client, 'INBOX', mails);
    await client.ok('SELECT INBOX');
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kernel[Symbol.asyncDispose]();
  }
}

export interface Mail {
  readonly text: string;
  readonly flags?: string;
  /** `01-Feb-2020 00:00:00 +0000` */
  readonly date?: string;
}

export async function append(client: ImapTestClient, mailbox: string, mails: readonly Mail[]): Promise<void> {
  for (const { text, flags = '', date } of mails) {
    const when = date === undefined ? '' : `"${date}" `;
    const bytes = Buffer.from(text.replace(/\r?\n/g, '\r\n'));
    const answer = await client.withLiterals(`APPEND ${mailbox} (${flags}) ${when}`, bytes);
    assert.equal(answer.status, 'OK', answer.text);
  }
}

/** Command, untagged lines, and the tagged reply if it is not OK. */
export type Exchange = readonly [command: string, untagged: readonly string[], tagged?: RegExp];

/** In order, in one session. Tags in answers are written as TAG. */
export async function talk(client: ImapTestClient, exchanges: readonly Exchange[]): Promise<void> {
  for (const [command, untagged, tagged = /^OK/] of exchanges) {
    const answer = await client.command(command);
    const lines = answer.untagged.map((line) => line.replace(/(TAG|NOUPDATE) "t\d+"/, '$1'));
    assert.deepEqual(lines, untagged, command);
    assert.match(`${answer.status} ${answer.text}`, tagged, command);
  }
}
