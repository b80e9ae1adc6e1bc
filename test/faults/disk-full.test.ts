import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { LmtpTestClient } from '@angarium/testing';
import { imapSession, subjects } from '../support/imap.js';
import { TestServer } from '../support/server.js';
import { run } from '../support/tools.js';

/** A file system of `megabytes`, or a word why there can be none. */
async function smallDisk(megabytes: number): Promise<{ path: string; unmount(): void } | string> {
  if (process.getuid?.() !== 0) return 'only root can mount a small file system';
  const path = mkdtempSync(join(tmpdir(), 'angarium-disk-'));
  const { code, output } = await run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path]);
  if (code !== 0) return `no small file system here: ${output.trim()}`;
  return {
    path,
    unmount() {
      execFileSync('umount', ['-l', path]);
      rmSync(path, { recursive: true, force: true });
    },
  };
}

const numbered = (n: number) =>
  `Message-ID: <full-${n}@x>\r\nDate: Mon, 01 Jan 2024 00:00:00 +0000\r\nSubject: full ${n}\r\n\r\n${'y'.repeat(200_000)}\r\n`;

test('a full disk: temporary failures, nothing acknowledged is lost, and it goes on when there is room', async (t) => {
  const disk = await smallDisk(24);
  if (typeof disk === 'string') return t.skip(disk);
  const data = join(disk.path, 'data');
  mkdirSync(data);
  try {
    await using server = await TestServer.start({ data, users: { fred: 'secret' }, set: { workers: '1' } });
    writeFileSync(join(disk.path, 'ballast'), Buffer.alloc(8 << 20));
    const client = await LmtpTestClient.connect(server.port('lmtp'));
    await client.hello();
    const acknowledged: string[] = [];
    let refused = '';
    let refusedNumber = 0;
    for (let n = 0; n < 400 && refused === ''; n++) {
      const message = numbered(n);
      const replies = await client.deliver('a@example.org', ['fred'], message);
      const reply = replies.at(-1)!;
      if (reply.startsWith('250')) acknowledged.push(`full ${n}`);
      else {
        refused = reply;
        refusedNumber = n;
      }
    }
    assert.match(refused, /^4\d\d 4\./, 'a full disk is a temporary failure');
    const imap = await imapSession(server.port('imap'), 'fred', 'secret');
    assert.deepEqual(await subjects(imap, 'INBOX'), acknowledged);
    rmSync(join(disk.path, 'ballast'));
    const again = await LmtpTestClient.connect(server.port('lmtp'));
    await again.hello();
    const [reply] = await again.deliver('a@example.org', ['fred'], 'Subject: room again\r\n\r\nx\r\n');
    assert.match(reply!, /^250/);
    // It comes again, and is no duplicate: nothing of it was remembered. One that is there is.
    const known = Number(acknowledged.at(-1)!.replace(/\D+/, ''));
    for (const n of [refusedNumber, known]) {
      assert.match((await again.deliver('a@example.org', ['fred'], numbered(n)))[0]!, /^250/);
    }
    const all = [...acknowledged, 'room again', `full ${refusedNumber}`];
    assert.deepEqual(await subjects(imap, 'INBOX'), all);
    await imap.logout();
  } finally {
    disk.unmount();
  }
});
