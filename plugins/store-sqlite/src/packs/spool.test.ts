import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { sha256, withTempDir } from './fixtures.test.support.js';
import { MemoryFs } from './memory-fs.test.support.js';
import { formatTag, ownTag } from './owner.js';
import { PackReader } from './reader.js';
import { Spool } from './spool.js';
import { PackWriter } from './writer.js';

const DIR = '/data/spool';
const meta = { mailboxHint: 0, internalDateSec: 0 };

async function* source(chunks: readonly Buffer[]): AsyncGenerator<Buffer> {
  for (const chunk of chunks) {
    await Promise.resolve();
    yield chunk;
  }
}

function cut(data: Buffer, sizes: readonly number[]): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0, index = 0; at < data.length; index++) {
    const size = Math.max(1, sizes[index % sizes.length]!);
    parts.push(data.subarray(at, at + size));
    at += size;
  }
  return parts;
}

function spoolFiles(fs: MemoryFs): string[] {
  return [...fs.files.keys()].filter((name) => name.startsWith(DIR));
}

test('whatever the size, the pieces, the announcement and the budget: the message is what was sent', async () => {
  const data = Buffer.from(Uint8Array.from({ length: 60_000 }, (_, index) => (index * 31) & 255));
  await fc.assert(
    fc.asyncProperty(
      fc.nat({ max: 60_000 }),
      fc.array(fc.nat({ max: 20_000 }), { minLength: 1, maxLength: 5 }),
      fc.option(fc.nat({ max: 60_000 })),
      fc.nat({ max: 40_000 }),
      fc.nat({ max: 60_000 }),
      async (length, sizes, expected, memoryBytes, totalMemoryBytes) => {
        const fs = new MemoryFs();
        const spool = await Spool.open({ dir: DIR, fs, memoryBytes, totalMemoryBytes });
        const body = data.subarray(0, length);
        const announced = expected === null ? {} : { expectedBytes: expected };
        const message = await spool.receive(source(cut(body, sizes)), { maxBytes: 60_000, ...announced });
        assert.equal(message.length, length);
        assert.ok(message.guid.equals(sha256(body)));
        assert.ok((await message.read(0, length)).equals(body));
        assert.ok((await message.read(100, 200)).equals(body.subarray(100, 200)));
        if ('path' in message.body) assert.equal(message.body.crc32, crc32(body));
        assert.ok(spool.heldBytes <= Math.max(totalMemoryBytes, 60_000));
        await message.dispose();
        assert.equal(spool.heldBytes, 0);
        assert.deepEqual(spoolFiles(fs), []);
        assert.equal(fs.openCount, 0);
      },
    ),
    { numRuns: 300 },
  );
});

test('chunks are copied: the source may reuse its buffer', async () => {
  const spool = await Spool.open({ dir: DIR, fs: new MemoryFs() });
  const buffer = Buffer.alloc(10);
  async function* reused(): AsyncGenerator<Buffer> {
    for (const letter of 'abc') yield buffer.fill(letter);
  }
  const message = await spool.receive(reused(), { maxBytes: 100 });
  assert.equal((await message.read(0, 30)).toString(), 'aaaaaaaaaabbbbbbbbbbcccccccccc');
});

test('beyond maxBytes the source is not read further and nothing is left', async () => {
  for (const memoryBytes of [10, 100_000]) {
    const fs = new MemoryFs();
    const spool = await Spool.open({ dir: DIR, fs, memoryBytes });
    let pulled = 0;
    let ended = false;
    async function* endless(): AsyncGenerator<Buffer> {
      try {
        for (;;) {
          pulled++;
          yield Buffer.alloc(1000);
        }
      } finally {
        ended = true;
      }
    }
    await assert.rejects(spool.receive(endless(), { maxBytes: 5500 }), { code: 'too-big' });
    assert.equal(pulled, 6);
    assert.ok(ended);
    assert.equal(spool.heldBytes, 0);
    assert.deepEqual(spoolFiles(fs), []);
    pulled = 0;
    await assert.rejects(spool.receive(endless(), { maxBytes: 10, expectedBytes: 11 }), { code: 'too-big' });
    assert.equal(pulled, 0, 'an announced size is refused before the first byte');
  }
});

test('many at once never hold more than the budget in memory', async () => {
  const fs = new MemoryFs();
  const spool = await Spool.open({ dir: DIR, fs, memoryBytes: 50_000, totalMemoryBytes: 200_000 });
  let most = 0;
  async function* slow(): AsyncGenerator<Buffer> {
    for (let index = 0; index < 40; index++) {
      await new Promise((resolve) => setImmediate(resolve));
      most = Math.max(most, spool.heldBytes);
      yield Buffer.alloc(1000, index);
    }
  }
  const messages = await Promise.all(
    Array.from({ length: 30 }, () => spool.receive(slow(), { maxBytes: 1e6 })),
  );
  assert.ok(most > 100_000 && most <= 200_000, `${most} bytes`);
  assert.ok(spoolFiles(fs).length > 10);
  for (const message of messages) assert.equal((await message.read(0, 40_000))[39_999], 39);
  await Promise.all(messages.map((message) => message.dispose()));
  assert.equal(spool.heldBytes, 0);
});

test('a source that breaks off, or a disk that is full, leaves nothing', async () => {
  const fs = new MemoryFs();
  const spool = await Spool.open({ dir: DIR, fs, memoryBytes: 10 });
  async function* broken(): AsyncGenerator<Buffer> {
    yield Buffer.alloc(100);
    throw new Error('connection lost');
  }
  await assert.rejects(spool.receive(broken(), { maxBytes: 1000 }), /connection lost/);
  fs.fault = ({ name }) => (name === 'writev' ? { errno: 'ENOSPC' } : undefined);
  await assert.rejects(spool.receive(source([Buffer.alloc(100)]), { maxBytes: 1000 }), { code: 'no-space' });
  fs.fault = undefined;
  assert.deepEqual(spoolFiles(fs), []);
  assert.equal(fs.openCount, 0);
});

test('files of dead processes are removed at the start, those of living ones and others stay', async () => {
  const fs = new MemoryFs();
  await fs.makeDir(DIR);
  const dead = formatTag({ ...ownTag(), boot: '1234abcd' });
  for (const name of [`${dead}-aa-0.spool`, `${formatTag(ownTag())}-bb-0.spool`, 'notes.txt']) {
    await fs.close(await fs.open(`${DIR}/${name}`, 'create'));
  }
  await Spool.open({ dir: DIR, fs });
  assert.deepEqual(
    spoolFiles(fs).map((name) => name.slice(DIR.length + 1)),
    [`${formatTag(ownTag())}-bb-0.spool`, 'notes.txt'],
  );
});

test('on a real disk: received, appended, read back, gone', async () => {
  await withTempDir(async (dir) => {
    const spool = await Spool.open({ dir: `${dir}/deep/spool` });
    const writer = await PackWriter.open({ packsDir: `${dir}/deep/packs` });
    const reader = new PackReader({ packsDir: `${dir}/deep/packs` });
    for (const bytes of [500, 3_000_000, 5_000_000]) {
      const body = Buffer.alloc(bytes, 'line of text\r\n');
      await using message = await spool.receive(source(cut(body, [65_536])), { maxBytes: 1e7 });
      assert.equal('path' in message.body, bytes > 1024 * 1024);
      const [place] = await writer.append([{ guid: message.guid, body: message.body, meta }]);
      assert.ok((await reader.read(place!, 0, bytes, message.guid)).equals(body));
    }
    assert.deepEqual(await readdir(`${dir}/deep/spool`), []);
    reader.close();
    await writer.close();
  });
});
