/**
 * A content filter as a plugin would be: it reads the message as a stream, decides for each recipient by his own settings, adds
 * header fields, chooses a folder, refuses or discards. What is shown here is that the contract has room for it.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  Component,
  DELIVERY_STAGES,
  type DeliveryBatch,
  type DeliveryStage,
  definePlugin,
  inject,
  injectable,
  MAIL_STORE,
  MANAGED_ACCOUNTS,
  MailError,
  part,
  personalMailbox,
  RECORDS,
  type Recipient,
  type RecordSpace,
  type Records,
  type Registry,
  readStaged,
  type UserId,
} from '@angarium/sdk';
import { createTestKernel, LmtpTestClient, memoryStore } from '@angarium/testing';

interface Settings {
  readonly folder?: string;
  readonly rejectAbove?: number;
}

/** Counts a word, as the scanners of this world do in the end. */
@injectable()
class WordFilter extends Component implements DeliveryStage {
  readonly name = 'word-filter';
  readonly phase = 'filter';
  readonly order = 100;
  static largestPiece = 0;
  static seen: string[] = [];
  private readonly settings: RecordSpace;

  constructor(
    @inject(DELIVERY_STAGES) private readonly stages: Registry<DeliveryStage>,
    @inject(RECORDS) records: Records,
  ) {
    super();
    this.settings = records.space('word-filter/settings');
  }

  override start(): void {
    this.own(this.stages.add(this));
  }

  async run({ message, envelope, recipients }: DeliveryBatch): Promise<void> {
    if (message === undefined) return;
    let score = 0;
    let rest = '';
    for await (const piece of readStaged(message, 4096)) {
      WordFilter.largestPiece = Math.max(WordFilter.largestPiece, piece.length);
      const text = rest + piece.latin1Slice();
      score += text.split('pills').length - 1;
      rest = /p?i?l?l?$/.exec(text)?.[0] ?? '';
    }
    WordFilter.seen.push(`${envelope.sender} ${envelope.forwardedFor?.address} ${score}`);
    for (const recipient of recipients) await this.decide(recipient, score);
  }

  private async decide(recipient: Recipient, score: number): Promise<void> {
    const { user } = recipient;
    if (user === undefined) return;
    const own = await this.settings.get(user, 'settings');
    if (own === undefined) return;
    const { folder, rejectAbove = Number.POSITIVE_INFINITY } = JSON.parse(String(own)) as Settings;
    if (score > rejectAbove) {
      const error = new MailError('NOPERM', 'This looks like spam', { enhancedStatus: '5.7.1' });
      recipient.outcome = { is: 'refused', error };
      return;
    }
    recipient.addedFields.push({ name: 'X-Spam-Score', value: String(score) });
    if (folder === undefined || score === 0) return;
    recipient.targets = recipient.targets.map((target) => ({
      ...target,
      mailbox: personalMailbox(user, [folder]),
      create: true,
      by: this.name,
    }));
  }
}

const users = ['plain', 'sorted', 'strict', 'scored'] as UserId[];

test('a filter with settings of each user fits in', async () => {
  await using kernel = await createTestKernel({
    plugins: [
      memoryStore,
      { name: 'authentication', config: { failedLoginPause: 0 } },
      { name: 'accounts-local', config: { scrypt: { cost: 10 }, scram: [] } },
      'duplicate-suppression',
      'delivery',
      'lmtp',
      {
        name: 'word-filter',
        manifest: { requires: ['records@1'] },
        definition: definePlugin({ parts: [part(WordFilter)] }),
      },
    ],
    host: { role: 'command' },
  });
  for (const user of users) await kernel.get(MANAGED_ACCOUNTS).create(user, {});
  const settings = kernel.get(RECORDS).space('word-filter/settings');
  const set = (user: UserId, value: Settings) =>
    settings.write(user, [{ key: 'settings', value: Buffer.from(JSON.stringify(value)) }]);
  await set('sorted' as UserId, { folder: 'Junk' });
  await set('strict' as UserId, { rejectAbove: 1 });
  await set('scored' as UserId, {});
  const client = new LmtpTestClient(kernel.connect('lmtp'));
  await client.hello();
  await client.command('XFORWARD ADDR=192.0.2.77');
  const body = `${'x'.repeat(70)}\r\n`.repeat(500);
  const message = `Date: d\r\nMessage-ID: <1@x>\r\nSubject: buy\r\n\r\npills and pi${body}pills\r\n`;
  const replies = await client.deliver('spam@x.example', users, message);
  assert.deepEqual(
    replies.map((reply) => reply.slice(0, 9)),
    ['250 2.1.5', '250 2.1.5', '550 5.7.1', '250 2.1.5'],
  );
  assert.deepEqual(WordFilter.seen, ['spam@x.example 192.0.2.77 2']);
  assert.equal(WordFilter.largestPiece, 4096);
  const store = kernel.get(MAIL_STORE);
  const texts = async (user: string, ...path: string[]) => {
    const entry = await store.catalogue.find(personalMailbox(user as UserId, path));
    if (entry === undefined) return [];
    const box = store.mailbox(entry.id);
    const { count } = await box.snapshot();
    return await Promise.all(
      Array.from({ length: count }, async (_, i) => {
        const opened = await box.open(i + 1);
        return (await opened.read(0, opened.size)).latin1Slice();
      }),
    );
  };
  const [plain = ''] = await texts('plain');
  assert.match(plain, /^Return-Path: <spam@x\.example>\r\n/);
  assert.deepEqual(await texts('sorted', 'Junk'), [`X-Spam-Score: 2\r\n${plain}`]);
  assert.deepEqual(await texts('sorted'), []);
  assert.deepEqual(await texts('scored'), [`X-Spam-Score: 2\r\n${plain}`]);
  assert.deepEqual(await texts('strict'), []);
  assert.match((await client.deliver('spam@x.example', ['sorted'], message))[0]!, /^250/);
  assert.equal((await texts('sorted', 'Junk')).length, 1, 'a copy in the same folder is a duplicate');
});
