import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  type Connection,
  definePlugin,
  ImapSyntaxError,
  inject,
  injectable,
  part,
  type Registry,
  SERVICES,
  type Service,
} from '@angarium/sdk';
import {
  createTestKernel,
  everySplit,
  everyTruncation,
  LineClient,
  type TestKernel,
} from '@angarium/testing';
import { type LineOptions, LiteralRefused, TooMuchInput, WireLine } from './command-line.js';

const waiting: ((connection: Connection) => void)[] = [];

@injectable()
class Probe {
  constructor(@inject(SERVICES) services: Registry<Service>) {
    const accept = (connection: Connection) =>
      new Promise<void>((resolve) => {
        connection.signal.addEventListener('abort', () => resolve());
        waiting.shift()!(connection);
      });
    services.add({ name: 'probe', listen: [], loginTimeoutMs: 0, busy: () => '', accept });
  }
}

let kernel: TestKernel;
before(async () => {
  kernel = await createTestKernel({
    plugins: [{ name: 'probe', definition: definePlugin({ parts: [part(Probe)] }) }],
  });
});
after(() => kernel[Symbol.asyncDispose]());

interface Pair {
  readonly client: LineClient;
  readonly connection: Connection;
}

async function pair(): Promise<Pair> {
  const arriving = new Promise<Connection>((resolve) => waiting.push(resolve));
  const client = new LineClient(kernel.connect('probe'));
  return { client, connection: await arriving };
}

const options: LineOptions = {
  utf8: false,
  literals: 'LITERAL+',
  maxLiteralBytes: 1000,
  maxSkippedBytes: 10_000,
};

/** LOGIN-like: a tag, a word, two strings. */
function twoStrings(line: WireLine): string[] {
  line.sp();
  const first = line.astring();
  line.sp();
  const second = line.astring();
  line.end();
  return [first, second];
}

async function readTwo(connection: Connection, more: Partial<LineOptions> = {}): Promise<string[]> {
  const line = await WireLine.read(connection, { ...options, ...more });
  assert.ok(line);
  line.expect('a LOGIN');
  return await line.parse(() => twoStrings(line), true);
}

test('a command is the same however the network cuts it', async () => {
  const wire = 'a LOGIN {4+}\r\nfr\r\n {6+}\r\nse"cre\r\na LOGIN x "y z"\r\n';
  for (const chunks of everySplit(Buffer.from(wire), 25)) {
    const { client, connection } = await pair();
    for (const chunk of chunks) {
      client.send(chunk);
      if (chunks.length > 2) await new Promise((resolve) => setImmediate(resolve));
    }
    assert.deepEqual(await readTwo(connection), ['fr\r\n', 'se"cre']);
    assert.deepEqual(await readTwo(connection), ['x', 'y z']);
    client.destroy();
  }
});

test('a command that is cut short ends in an error, never in a command', async () => {
  for (const bytes of everyTruncation(Buffer.from('a LOGIN {4+}\r\nfred {3}\r\nabc\r\n'), 40)) {
    const { client, connection } = await pair();
    client.send(bytes);
    client.halfClose();
    if (bytes.length === 0) assert.equal(await WireLine.read(connection, options), undefined);
    else await assert.rejects(readTwo(connection), `${bytes}`);
  }
});

test('a synchronizing literal is asked for, and only behind a line that is right', async () => {
  const { client, connection } = await pair();
  client.send('a LOGIN {4}\r\n');
  const reading = readTwo(connection);
  await client.expect(/^\+ /);
  client.send('fred x\r\n');
  assert.deepEqual(await reading, ['fred', 'x']);
  client.send('a LOGIN x {4}\r\nb NOOP\r\n');
  const line = (await WireLine.read(connection, options))!;
  await assert.rejects(async () => line.parse(() => line.expect('a LOGIN y'), true), ImapSyntaxError);
  await line.finish();
  assert.equal((await WireLine.read(connection, options))!.atom(), 'b');
  assert.equal(client.unread, '');
});

test('what a refused command leaves is taken off the wire', async () => {
  const { client, connection } = await pair();
  client.send('a WRONG {3+}\r\na\nb {2+}\r\ncd tail\r\nb NOOP\r\n');
  const line = (await WireLine.read(connection, options))!;
  await assert.rejects(async () => line.parse(() => line.expect('a RIGHT'), true), ImapSyntaxError);
  await line.finish();
  assert.equal((await WireLine.read(connection, options))!.atom(), 'b');
});

test('literals have bounds, together and each', async () => {
  const { client, connection } = await pair();
  client.send(`a LOGIN {2000+}\r\n${'x'.repeat(2000)} y\r\nb`);
  let line = (await WireLine.read(connection, options))!;
  line.expect('a LOGIN');
  await assert.rejects(
    async () => line.parse(() => twoStrings(line), true),
    (error) => error instanceof LiteralRefused && error.kind === 'BAD',
  );
  await line.finish();
  client.send(' LOGIN {2000}\r\n');
  line = (await WireLine.read(connection, options))!;
  line.expect('b LOGIN');
  await assert.rejects(
    async () => line.parse(() => twoStrings(line), true),
    (error) => error instanceof LiteralRefused && error.kind === 'NO',
  );
  await line.finish();
  client.send('c LOGIN {99999999999999999999+}\r\n');
  line = (await WireLine.read(connection, options))!;
  line.expect('c LOGIN');
  await assert.rejects(async () => line.parse(() => twoStrings(line), true), LiteralRefused);
  await assert.rejects(line.finish(), TooMuchInput);
  assert.equal(client.unread, '');
});

test('literals without end cost no memory without end', async () => {
  const { client, connection } = await pair();
  client.send(`a LOGIN ${'{0+}\r\n'.repeat(5000)}`);
  const line = (await WireLine.read(connection, options))!;
  line.expect('a LOGIN');
  const strings = () => {
    while (line.isAtLiteral) line.string();
    line.sp();
    for (;;) line.string();
  };
  await assert.rejects(async () => line.parse(strings, true), LiteralRefused);
  await assert.rejects(line.finish(), TooMuchInput);
});

test('LITERAL- lets 4096 octets come unasked, not one more (RFC 7888 §5)', async () => {
  const minus = { literals: 'LITERAL-', maxLiteralBytes: 100_000 } as const;
  const { client, connection } = await pair();
  client.send(`a LOGIN {4096+}\r\n${'x'.repeat(4096)} y\r\n`);
  assert.equal((await readTwo(connection, minus))[0]!.length, 4096);
  client.send(`a LOGIN {4097+}\r\n${'x'.repeat(4097)} y\r\n`);
  await assert.rejects(readTwo(connection, minus), LiteralRefused);
  client.destroy();
});

test('NUL is refused wherever it is, and its command leaves nothing behind', async () => {
  for (const wire of [
    'a LOGIN x\0 {1+}\r\nz y\r\n',
    'a LOGIN {2+}\r\nx\0 y\r\n',
    'a LOGIN {2+}\r\nxx y\0\r\n',
  ]) {
    const { client, connection } = await pair();
    client.send(`${wire}b NOOP\r\n`);
    const line = (await WireLine.read(connection, options))!;
    line.expect('a LOGIN');
    await assert.rejects(async () => line.parse(() => twoStrings(line), true), /NUL is not allowed/);
    await line.finish();
    assert.equal((await WireLine.read(connection, options))!.atom(), 'b', JSON.stringify(wire));
    client.destroy();
  }
});

test('a line that is too long keeps its tag and its literal', async () => {
  const { client, connection } = await pair();
  client.send(`a LOGIN ${'x'.repeat(200_000)} {4+}\r\nfred y\r\nb NOOP\r\n`);
  const line = (await WireLine.read(connection, options))!;
  assert.equal(line.atom(), 'a');
  line.expect(' LOGIN');
  await assert.rejects(async () => line.parse(() => twoStrings(line), true), /too long/);
  await line.finish();
  assert.equal((await WireLine.read(connection, options))!.atom(), 'b');
});

async function collect(source: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

test('streamed literals come as they are, and the line goes on behind them', async () => {
  const { client, connection } = await pair();
  client.send('a APPEND x {5}\r\n');
  const line = (await WireLine.read(connection, options))!;
  line.expect('a APPEND x ');
  assert.ok(line.isAtLiteral);
  const { size, isBinary, bytes } = line.literalStream();
  assert.deepEqual([size, isBinary], [5, false]);
  assert.equal(client.unread, '');
  const collecting = collect(bytes);
  await client.expect(/^\+ /);
  client.send('he\0');
  client.send('lo {3+}\r\nfoo ~{1+}\r\n!\r\nb');
  assert.equal((await collecting).latin1Slice(), 'he\0lo');
  await line.more();
  const next = () => {
    line.sp();
    return line.string();
  };
  assert.equal(await line.readOn(next), 'foo');
  line.sp();
  const second = line.literalStream();
  assert.ok(second.isBinary);
  await line.more();
  line.end();
  assert.ok(line.isComplete);
  assert.equal(connection.hasInput, true);
});

test('a stream that nobody finishes is skipped', async () => {
  const { client, connection } = await pair();
  client.send(`a APPEND {9000+}\r\n${'x'.repeat(9000)} tail\r\nb NOOP\r\n`);
  const line = (await WireLine.read(connection, options))!;
  line.expect('a APPEND ');
  for await (const chunk of line.literalStream().bytes) {
    assert.ok(chunk.length > 0);
    break;
  }
  await line.finish();
  assert.equal((await WireLine.read(connection, options))!.atom(), 'b');
});
