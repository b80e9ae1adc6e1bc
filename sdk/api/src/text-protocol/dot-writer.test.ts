import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Lease } from '../kernel/connection.js';
import { DotStuffer } from './dot-stuffing.js';
import { DotWriter } from './dot-writer.js';
import { FakeConnection } from './fake-connection.test.support.js';
import { TextSession } from './text-session.js';

/** Copies what is short, and looks at the rest when it is sent, as a socket does. */
class SlowConnection extends FakeConnection {
  private readonly waiting: { readonly data: string | Uint8Array; readonly lease: Lease | undefined }[] = [];

  override write(data: string | Uint8Array, lease?: Lease): boolean {
    const isShort = data.length < 1024;
    const kept = isShort && typeof data !== 'string' ? Buffer.from(data) : data;
    this.waiting.push({ data: kept, lease: isShort ? undefined : lease });
    if (isShort) lease?.release();
    return true;
  }

  /** The socket has taken the next of them. */
  sendOne(): boolean {
    const next = this.waiting.shift();
    if (next === undefined) return false;
    super.write(next.data);
    next.lease?.release();
    return true;
  }
}

class Session extends TextSession {
  readonly state = 'any';
}

/** Memory whose content is gone once it is given back. */
class Lent implements Lease {
  releases = 0;
  constructor(readonly memory: Buffer) {}

  release(): void {
    this.releases++;
    this.memory.fill('!');
  }
}

function stuffed(chunks: readonly Buffer[]): string {
  const stuffer = new DotStuffer();
  return `${chunks.map((chunk) => stuffer.push(chunk).latin1Slice()).join('')}${stuffer.end().latin1Slice()}`;
}

const line = fc.tuple(
  fc.constantFrom('', '.', '..', 'x', '.x'),
  fc.constantFrom(0, 1, 70, 1023, 1024, 5000),
  fc.constantFrom('\r\n', '\n', '\r', '\r\n.\r\n'),
);
const data = fc
  .array(line, { maxLength: 30 })
  .map((lines) => Buffer.from(lines.map(([start, more, end]) => start + 'm'.repeat(more) + end).join('')));

test('a block is dot-stuffed however it is cut, and its memory given back once, when all of it has been sent', () => {
  fc.assert(
    fc.property(data, fc.array(fc.nat(20_000), { maxLength: 4 }), fc.nat(3), (bytes, cuts, sentBetween) => {
      const ends = [...cuts.map((at) => at % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
      const chunks = ends.map((end, i) => bytes.subarray(i === 0 ? 0 : ends[i - 1], end));
      const expected = stuffed(chunks);
      const connection = new SlowConnection([]);
      const writer = new DotWriter(new Session(connection));
      const lent = chunks.map((chunk) => new Lent(Buffer.from(chunk)));
      for (const one of lent) {
        writer.write(one.memory, one);
        for (let i = 0; i < sentBetween; i++) connection.sendOne();
      }
      writer.end();
      while (connection.sendOne());
      assert.equal(connection.output, expected);
      assert.deepEqual(
        lent.map(({ releases }) => releases),
        lent.map(() => 1),
      );
    }),
    { numRuns: 300 },
  );
});

test('of a chunk with few dots nothing is copied', () => {
  const connection = new FakeConnection([]);
  const written: (string | Uint8Array)[] = [];
  connection.write = (bytes) => written.push(bytes) > 0;
  const chunk = Buffer.from(`${'x'.repeat(9000)}\r\n.${'y'.repeat(9000)}`);
  new DotWriter(new Session(connection)).write(chunk);
  assert.deepEqual(
    written.map((one) => (typeof one === 'string' ? one : one.buffer === chunk.buffer)),
    [true, '.', true],
  );
});
