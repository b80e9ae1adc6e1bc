import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { folderKey } from './folder-key.js';

test('a key is made once, kept, and private', () => {
  const folder = mkdtempSync(join(tmpdir(), 'folder-key-'));
  try {
    const key = folderKey(folder, 'thing');
    assert.equal(key.length, 32);
    assert.deepEqual(folderKey(folder, 'thing'), key);
    assert.notDeepEqual(folderKey(folder, 'other'), key);
    assert.deepEqual(readdirSync(join(folder, 'keys')).sort(), ['other.key', 'thing.key']);
    assert.equal(statSync(join(folder, 'keys', 'thing.key')).mode & 0o777, 0o600);
    writeFileSync(join(folder, 'keys', 'thing.key'), 'short');
    assert.throws(() => folderKey(folder, 'thing'), /no key/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
