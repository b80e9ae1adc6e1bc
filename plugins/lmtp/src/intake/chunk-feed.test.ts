import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChunkFeed } from './chunk-feed.js';

test('pieces are handed over one by one, as they are asked for', async () => {
  const feed = new ChunkFeed();
  const taken: string[] = [];
  const reading = (async () => {
    for await (const piece of feed) taken.push(piece.toString());
  })();
  assert.equal(await feed.push(Buffer.from('a')), true);
  assert.deepEqual(taken, ['a']);
  assert.equal(await feed.push(Buffer.from('b')), true);
  feed.end();
  await reading;
  assert.deepEqual(taken, ['a', 'b']);
});

test('a reader that stops tells the writer, also one that never began', async () => {
  const feed = new ChunkFeed();
  const reading = (async () => {
    for await (const _ of feed) break;
  })();
  assert.equal(await feed.push(Buffer.from('a')), false);
  await reading;
  assert.equal(await feed.push(Buffer.from('b')), false);
  const unread = new ChunkFeed();
  const pushing = unread.push(Buffer.from('a'));
  unread.stop();
  assert.equal(await pushing, false);
});

test('an aborted message throws in the reader', async () => {
  const feed = new ChunkFeed();
  const reading = (async () => {
    for await (const _ of feed) {
      // only the end matters
    }
  })();
  await feed.push(Buffer.from('a'));
  feed.abort(new Error('gone'));
  await assert.rejects(reading, /gone/);
});
