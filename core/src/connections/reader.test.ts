import assert from 'node:assert/strict';
import { PassThrough, Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { ReadError } from '@angarium/sdk';
import fc from 'fast-check';
import { settled } from '../test-support/fixtures.js';
import { eventually } from '../test-support/sockets.js';
import { Reader } from './reader.js';

const nobody = { onReadWaiting: () => {}, onReadDone: () => {} };

function readerOf(chunks: readonly (string | Buffer)[]): Reader {
  const reader = new Reader(nobody);
  reader.attach(
    Readable.from(
      chunks.map((chunk) => Buffer.from(chunk as string, 'latin1')),
      { objectMode: false },
    ),
  );
  return reader;
}

/** The wire cut at the given places. */
function cut(wire: string, places: readonly number[]): string[] {
  const sorted = [...new Set(places.map((place) => place % (wire.length + 1)))].sort((a, b) => a - b);
  return [0, ...sorted]
    .map((from, index) => wire.slice(from, sorted[index] ?? wire.length))
    .filter((s) => s !== '');
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof ReadError) return error.code;
    throw error;
  }
  return 'none';
}

const wire =
  'a1 first\r\n\r\nbare\nliteral {5}\r\n12\n45 rest\0\xff\r\nskipped long long line\r\n0123456789abcdefghijlast\r\n';

/** A session's worth of reads over `wire`. */
async function session(reader: Reader): Promise<string[]> {
  const said: string[] = [];
  const say = (bytes: Buffer | undefined): void => void said.push(bytes?.toString('latin1') ?? 'end');
  say(await reader.readLine(8));
  say(await reader.readLine(8));
  say(await reader.readLine(8));
  say(await reader.readLine(11));
  say(await reader.readExactly(5));
  say(await reader.readLine(100));
  said.push(await codeOf(reader.readLine(10)));
  await reader.skipLine();
  const parts: Buffer[] = [];
  for await (const chunk of reader.readStream(10)) parts.push(chunk);
  say(Buffer.concat(parts));
  await reader.skip(9);
  const some = await reader.readSome();
  reader.unread(some!);
  say(await reader.readLine(100));
  say(await reader.readLine(100));
  return said;
}

const expected = [
  'a1 first',
  '',
  'bare',
  'literal {5}',
  '12\n45',
  ' rest\0\xff',
  'line-too-long',
  '0123456789',
  'jlast',
  'end',
];

describe('reader', () => {
  it('reads the same from every cut of the wire', async () => {
    for (let place = 0; place <= wire.length; place++) {
      assert.deepEqual(await session(readerOf(cut(wire, [place]))), expected, `cut at ${place}`);
    }
  });

  it('reads the same byte by byte', async () => {
    assert.deepEqual(await session(readerOf([...wire])), expected);
  });

  it('reads the same from any chunks', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(), { maxLength: 20 }), async (places) => {
        assert.deepEqual(await session(readerOf(cut(wire, places))), expected);
      }),
      { numRuns: 200 },
    );
  });

  it('allows a line of exactly the maximum, with CRLF and with LF, and not one byte more', async () => {
    for (const end of ['\r\n', '\n']) {
      for (const place of [0, 1, 3, 4, 5]) {
        assert.equal((await readerOf(cut(`abcd${end}`, [place])).readLine(4))?.toString(), 'abcd');
        assert.equal(await codeOf(readerOf(cut(`abcde${end}`, [place])).readLine(4)), 'line-too-long');
      }
    }
    assert.equal(await codeOf(readerOf(['abcd\r', 'x\n']).readLine(4)), 'line-too-long');
    assert.equal((await readerOf(['abc\r', 'x\n']).readLine(5))?.toString('latin1'), 'abc\rx');
  });

  it('tells an end between lines from one inside', async () => {
    assert.equal(await readerOf([]).readLine(10), undefined);
    assert.equal(await codeOf(readerOf(['half']).readLine(10)), 'eof');
    assert.equal(await codeOf(readerOf(['half']).readExactly(5)), 'eof');
    assert.equal(await codeOf(readerOf(['half']).skip(5)), 'eof');
    assert.equal(await codeOf(readerOf(['half']).skipLine()), 'eof');
    assert.equal(await readerOf([]).readSome(), undefined);
  });

  it('gives a buffered line at once, and only a whole and short enough one', async () => {
    const reader = readerOf(['one\r\ntwo is too long\r\nthr']);
    assert.equal((await reader.readLine(10))?.toString(), 'one');
    assert.equal(reader.tryReadLine(5), undefined);
    assert.equal(reader.tryReadLine(20)?.toString(), 'two is too long');
    assert.equal(reader.tryReadLine(20), undefined);
  });

  it('leaves the rest of a stream that the consumer leaves', async () => {
    const reader = readerOf(['12345', '67890', 'after\r\n']);
    for await (const chunk of reader.readStream(10)) {
      assert.equal(chunk.toString(), '12345');
      break;
    }
    await reader.skip(5);
    assert.equal((await reader.readLine(10))?.toString(), 'after');
  });

  it('lets no second read begin while one waits', async () => {
    const reader = new Reader(nobody);
    const source = new PassThrough();
    reader.attach(source);
    const first = reader.readLine(10);
    await assert.rejects(reader.readSome(), /two reads/);
    source.write('x\n');
    assert.equal((await first)?.toString(), 'x');
  });

  it('pauses the source when nobody reads, and lets it flow again', async () => {
    const reader = new Reader(nobody);
    let produced = 0;
    const source = new Readable({
      read() {
        produced += 16_384;
        this.push(Buffer.alloc(16_384, 'x'));
      },
    });
    reader.attach(source);
    await eventually(() => source.isPaused());
    for (let turn = 0; turn < 20; turn++) await settled();
    assert.ok(
      produced <= 64 * 1024 + 3 * 65_536,
      `${produced} bytes were taken from a client nobody listens to`,
    );
    const before = produced;
    await reader.skip(1_000_000);
    assert.ok(produced > before);
  });

  it('holds an endless line in bounded memory', async () => {
    const reader = new Reader(nobody);
    const source = new Readable({
      read() {
        setImmediate(() => this.push(Buffer.alloc(65_536, 'x')));
      },
    });
    reader.attach(source);
    assert.equal(await codeOf(reader.readLine(1000)), 'line-too-long');
    for (let turn = 0; turn < 20; turn++) await settled();
    assert.ok(reader.queue.length <= 3 * 65_536);
    let discarded = 0;
    const skipping = codeOf(reader.skipLine());
    while (reader.bytesRead < 50_000_000) {
      discarded = Math.max(discarded, reader.queue.length);
      await settled();
    }
    assert.ok(discarded <= 4 * 65_536, `${discarded} bytes were kept of a line that is thrown away`);
    reader.fail(new ReadError('closed'));
    source.destroy();
    assert.equal(await skipping, 'closed');
  });

  it('still gives what is buffered when the client is gone', async () => {
    const reader = readerOf([]);
    reader.receive(Buffer.from('last\r\nhalf'));
    reader.fail(new ReadError('closed'));
    assert.equal((await reader.readLine(10))?.toString(), 'last');
    assert.equal(await codeOf(reader.readLine(10)), 'closed');
  });

  it('an interruption ends the pending read only', async () => {
    const reader = new Reader(nobody);
    const source = new PassThrough();
    reader.attach(source);
    const pending = codeOf(reader.readLine(10));
    reader.interrupt(new ReadError('idle'));
    assert.equal(await pending, 'idle');
    source.write('later\n');
    assert.equal((await reader.readLine(10))?.toString(), 'later');
  });
});
