import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { describe, it } from 'node:test';
import { ReadError } from '@angarium/sdk';
import fc from 'fast-check';
import { settled } from '../test-support/fixtures.js';
import { Writer, writeHighWaterBytes } from './writer.js';

/** A socket that remembers each write, and takes them when told. */
class Sink extends Writable {
  readonly writes: Buffer[] = [];
  isHeld = false;
  private held: (() => void)[] = [];

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.writes.push(Buffer.from(chunk));
    if (this.isHeld) this.held.push(done);
    else done();
  }

  release(): void {
    this.isHeld = false;
    const { held } = this;
    this.held = [];
    for (const done of held) done();
  }

  get text(): string {
    return Buffer.concat(this.writes).toString('latin1');
  }
}

function setUp(): { writer: Writer; sink: Sink; waiting: () => number; runaways: () => number } {
  let waiting = 0;
  let runaways = 0;
  const sink = new Sink({ highWaterMark: 65_536 });
  const writer = new Writer({ onOutputWaiting: () => waiting++, onRunaway: () => runaways++ });
  writer.attach(sink);
  return { writer, sink, waiting: () => waiting, runaways: () => runaways };
}

describe('writer', () => {
  it('makes one write of the small writes of a turn', async () => {
    const { writer, sink } = setUp();
    writer.write('* 1 FACTS ');
    writer.write(Buffer.from('(UID 7)'));
    writer.write('\r\n');
    writer.write(Buffer.alloc(2000, 'x'));
    await Promise.resolve();
    writer.write('done\xff\0\r\n');
    assert.equal(sink.writes.length, 0);
    await settled();
    assert.equal(sink.writes.length, 1);
    assert.equal(sink.text, `* 1 FACTS (UID 7)\r\n${'x'.repeat(2000)}done\xff\0\r\n`);
    assert.equal(writer.waitingBytes, 0);
    assert.equal(writer.bytesWritten, sink.text.length);
  });

  it('releases what was lent when the socket has taken it, and never after a failure', async () => {
    const { writer, sink } = setUp();
    const released: string[] = [];
    const lease = (name: string) => ({ release: () => void released.push(name) });
    writer.write(Buffer.alloc(500), lease('copied at once'));
    assert.deepEqual(released, ['copied at once']);
    writer.write(Buffer.alloc(5000), lease('joined'));
    writer.flush();
    assert.deepEqual(released, ['copied at once', 'joined']);
    sink.isHeld = true;
    released.length = 0;
    writer.write('{300000}\r\n');
    writer.write(Buffer.alloc(150_000), lease('first'));
    writer.write(Buffer.alloc(150_000), lease('second'));
    await settled();
    assert.deepEqual(released, []);
    sink.release();
    await settled();
    assert.deepEqual(released, ['first', 'second']);
    sink.isHeld = true;
    released.length = 0;
    writer.write(Buffer.alloc(300_000), lease('failed'));
    await settled();
    sink.on('error', () => {});
    sink.destroy(new Error('reset'));
    await settled();
    assert.deepEqual(released, []);
  });

  it('joins small parts in memory that is used again when the socket has taken them, and never after a failure', async () => {
    const { writer, sink } = setUp();
    const taken: { readonly chunk: Buffer; done(): void }[] = [];
    sink._write = (chunk: Buffer, _encoding, done) => void taken.push({ chunk, done });
    const writeBatch = async (of: string) => {
      for (let part = 0; part < 100; part++) writer.write(Buffer.alloc(2000, of));
      await settled();
    };
    const memories = new Set<ArrayBufferLike>();
    for (const of of ['a', 'b', 'c', 'd']) {
      await writeBatch(of);
      const { chunk, done } = taken.shift()!;
      assert.ok(chunk.equals(Buffer.alloc(200_000, of)), 'nothing was written over');
      memories.add(chunk.buffer);
      if (of === 'b') await writeBatch('e');
      done();
      await settled();
      if (of !== 'b') continue;
      const behind = taken.shift()!;
      assert.ok(!memories.has(behind.chunk.buffer), 'b was still on its way');
      assert.ok(behind.chunk.equals(Buffer.alloc(200_000, 'e')));
      behind.done();
      await settled();
    }
    assert.ok(memories.size <= 2, 'a or b, and e, which were free by then');
    await writeBatch('f');
    sink.on('error', () => {});
    sink.destroy(new Error('reset'));
    await settled();
    const other = setUp();
    other.sink._write = (chunk: Buffer, _encoding, done) => void taken.push({ chunk, done });
    for (let part = 0; part < 100; part++) other.writer.write(Buffer.alloc(2000, 'g'));
    await settled();
    assert.notEqual(taken[1]!.chunk.buffer, taken[0]!.chunk.buffer);
    assert.ok(taken[0]!.chunk.equals(Buffer.alloc(200_000, 'f')));
  });

  it('keeps the order of whatever is written, however big', async () => {
    const piece = fc.tuple(fc.boolean(), fc.constantFrom(0, 1, 5, 1023, 1024, 5000, 65_535, 70_000));
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 30 }), async (pieces) => {
        const { writer, sink } = setUp();
        let expected = '';
        for (const [isText, length] of pieces) {
          const text = String.fromCharCode(65 + (expected.length % 190)).repeat(length);
          writer.write(isText ? text : Buffer.from(text, 'latin1'));
          expected += text;
        }
        await settled();
        assert.equal(sink.text, expected);
      }),
      { numRuns: 100 },
    );
  });

  it('copies small bytes, so that a buffer may be used again', async () => {
    const { writer, sink } = setUp();
    const scratch = Buffer.from('abc');
    writer.write(scratch);
    scratch.fill('x');
    await settled();
    assert.equal(sink.text, 'abc');
  });

  it('hands on a full batch without waiting for the turn to end', () => {
    const { writer, sink } = setUp();
    for (let line = 0; line < 700; line++) writer.write('x'.repeat(100));
    assert.equal(sink.writes.length, 1);
    assert.ok(sink.writes[0]!.length >= 65_536);
  });

  it('says false above the mark, and drains when the client has taken it', async () => {
    const { writer, sink, waiting } = setUp();
    sink.isHeld = true;
    let isBelow = true;
    let total = 0;
    while (isBelow) {
      isBelow = writer.write('x'.repeat(10_000));
      total += 10_000;
    }
    assert.ok(total > writeHighWaterBytes && total <= writeHighWaterBytes + 20_000);
    assert.ok(waiting() > 0);
    let isDrained = false;
    const drained = writer.drain().then(() => {
      isDrained = true;
    });
    await settled();
    assert.equal(isDrained, false);
    sink.release();
    await drained;
    assert.equal(writer.waitingBytes, 0);
  });

  it('drains at once while there is room', async () => {
    const { writer } = setUp();
    writer.write('x');
    await writer.drain();
  });

  it('tells of a session that writes on and on', () => {
    const { writer, sink, runaways } = setUp();
    sink.isHeld = true;
    writer.write(Buffer.alloc(40_000_000));
    assert.equal(runaways(), 0);
    writer.write(Buffer.alloc(100_000));
    assert.equal(runaways(), 1);
  });

  it('forgets everything when it fails', async () => {
    const { writer, sink } = setUp();
    sink.isHeld = true;
    while (writer.write('x'.repeat(60_000)));
    const drained = writer.drain();
    writer.fail();
    await assert.rejects(drained, (error: ReadError) => error.code === 'closed');
    await assert.rejects(writer.drain(), ReadError);
    const count = sink.writes.length;
    assert.equal(writer.write('more'), false);
    await settled();
    assert.equal(sink.writes.length, count);
  });
});
