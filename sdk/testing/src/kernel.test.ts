import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  Component,
  type Connection,
  definePlugin,
  inject,
  injectable,
  MAIL_STORE,
  part,
  personalMailbox,
  type Registry,
  SERVICES,
  type Service,
  type UserId,
} from '@angarium/sdk';
import { LineClient } from './clients/line-client.js';
import { createTestKernel } from './kernel.js';
import { memoryStore } from './memory-store/index.js';

@injectable()
class Echo extends Component {
  constructor(@inject(SERVICES) private readonly services: Registry<Service>) {
    super();
  }

  override start(): void {
    this.own(
      this.services.add({
        name: 'echo',
        listen: [],
        loginTimeoutMs: 1000,
        busy: () => 'busy\r\n',
        accept: async (connection: Connection) => {
          for (let line = await connection.readLine(100); line; line = await connection.readLine(100)) {
            connection.write(`${line.latin1Slice()}!\r\n`);
          }
        },
      }),
    );
  }
}

const echo = { name: 'echo', definition: definePlugin({ parts: [part(Echo)] }) };

test('a service of a test kernel is spoken to through a pair of streams', async () => {
  await using kernel = await createTestKernel({ plugins: [echo] });
  const client = new LineClient(kernel.connect('echo'));
  client.sendLine('hello');
  assert.equal(await client.line(), 'hello!');
  assert.throws(() => kernel.connect('ecko'), /no service ecko; there are echo/);
});

test('the memory store is a plugin like any other', async () => {
  await using kernel = await createTestKernel({ plugins: [memoryStore] });
  const { catalogue } = kernel.get(MAIL_STORE);
  const inbox = await catalogue.create(personalMailbox('fred' as UserId));
  assert.deepEqual(
    (await catalogue.list({})).map(({ id }) => id),
    [inbox.id],
  );
});
