import assert from 'node:assert/strict';
import { test } from 'node:test';
import { imapSession } from '../support/imap.js';
import { eventually } from '../support/tools.js';
import { article, newsServer, reader } from './support.js';

test('of many workers one files an article, and all know it', async () => {
  await using server = await newsServer({ set: { workers: '3' } });
  const clients = await Promise.all(Array.from({ length: 6 }, () => reader(server)));
  for (let round = 0; round < 5; round++) {
    const id = `<round${round}@x>`;
    const replies = await Promise.all(
      clients.map((client) => client.offer(`IHAVE ${id}`, article(id, 'misc.test,comp.test'))),
    );
    assert.equal(replies.filter((reply) => reply.startsWith('235')).length, 1, replies.join('\n'));
    assert.ok(
      replies.every((reply) => /^(235|435|436|437) /.test(reply)),
      replies.join('\n'),
    );
    for (const client of clients) assert.match(await client.command(`CHECK ${id}`), /^438 /);
  }
  for (const client of clients) {
    assert.match(await client.command('GROUP misc.test'), /^211 5 1 5 /);
    assert.match(await client.command('GROUP comp.test'), /^211 5 1 5 /);
  }
});

test('what has been acknowledged is there after a kill', async () => {
  await using server = await newsServer({ set: { workers: '1' } });
  const client = await reader(server);
  assert.match(await client.offer('IHAVE <kept@x>', article('<kept@x>')), /^235 /);
  await server.end('SIGKILL');
  await server.start();
  const again = await reader(server);
  assert.equal(await again.command('STAT <kept@x>'), '223 0 <kept@x>');
  assert.match(await again.command('IHAVE <kept@x>'), /^435 /);
});

test('IMAP sees articles, and what IMAP files and expunges is news', async () => {
  await using server = await newsServer({ set: { workers: '1' } });
  const client = await reader(server);
  assert.match(await client.offer('IHAVE <a@x>', article('<a@x>')), /^235 /);
  const imap = await imapSession(server.port('imap'), 'admin', 'secret');
  await imap.ok('SETACL news.misc.test admin lrswipte');
  await imap.append('news.misc.test', Buffer.from(article('<b@x>', 'misc.test', 'by IMAP')));
  // Noted by who observes the store, which IMAP does not wait for.
  const known = await eventually(async () => {
    const reply = await client.command('STAT <b@x>');
    return reply.startsWith('430') ? undefined : reply;
  });
  assert.equal(known, '223 0 <b@x>');
  await imap.ok('SELECT news.misc.test');
  const { untagged } = await imap.ok('FETCH 1 BODY[HEADER.FIELDS (PATH)]');
  assert.match(untagged.join('\n'), /SEEN/);
  await imap.ok('STORE 2 +FLAGS (\\Deleted)');
  await imap.ok('EXPUNGE');
  assert.match(await client.command('STAT <b@x>'), /^430 /);
  await imap.logout();
  assert.match(server.command(['nntp', 'reindex']), /1 articles in 4 newsgroups noted/);
});
