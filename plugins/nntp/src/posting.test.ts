import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { MAIL_STORE, sharedMailbox } from '@angarium/sdk';
import { article, relayed, setUp } from './server.test.support.js';

test('RFC 3977 §6.3.1: POST files in all groups that there are, by the rights', async () => {
  await using it = await setUp();
  await it.group('misc.test');
  await it.group('comp.test', { anyone: 'lri' });
  await it.group('quiet', { anyone: 'lr' });
  const client = await it.reader();
  const post = (fields: Record<string, string>) => client.offer('POST', article(fields));
  assert.match(
    await post({ Newsgroups: 'misc.test,comp.test,quiet,no.such', 'Message-ID': '<1@x>' }),
    /^240 /,
  );
  for (const [group, count] of [
    ['misc.test', 1],
    ['comp.test', 1],
    ['quiet', 0],
  ] as const) {
    assert.match(await client.command(`GROUP ${group}`), new RegExp(`^211 ${count} `), group);
  }
  assert.match(await post({ Newsgroups: 'quiet' }), /^441 You may not post there/);
  assert.match(await post({ Newsgroups: 'no.such' }), /^441 No such newsgroup/);
  assert.match(await post({ Subject: '' }), /^441 The Subject field is missing/);
  assert.match(await post({ 'Message-ID': '<1@x>' }), /^441 Duplicate/);
  assert.match(await client.offer('POST', 'From: x\r\n'), /^441 The article has no body/);
  assert.match(await client.offer('POST', article({}, 'nul \0\r\n')), /^441 .*NUL/);
  assert.match(await client.offer('POST', article({ 'X-A': 'y\rBcc: z@x' })), /^441 .*CR without LF/);
  // The session goes on after each of them.
  assert.match(await post({}), /^240 /);
});

test('articles that are too large are read to their end and refused', async () => {
  await using it = await setUp({ config: { maxArticleBytes: 4096 } });
  await it.group('misc.test');
  const client = await it.reader();
  const line = `${'x'.repeat(70)}\r\n`;
  assert.match(await client.offer('POST', article({}, line.repeat(2000))), /^441 .*larger than 4096/);
  assert.match(await client.offer('POST', article({ 'X-Long': 'y'.repeat(300_000) })), /^441 /);
  assert.match(await client.offer('POST', article({}, line.repeat(10))), /^240 /);
});

test('RFC 3977 §6.3.2, RFC 4644: IHAVE, CHECK, TAKETHIS', async () => {
  await using it = await setUp();
  await it.group('misc.test');
  const client = await it.reader();
  assert.match(await client.command('MODE STREAM'), /^203 /);
  assert.equal(await client.command('CHECK <1@x>'), '238 <1@x>');
  assert.match(await client.offer('IHAVE <1@x>', relayed('<1@x>')), /^235 /);
  assert.match(await client.command('IHAVE <1@x>'), /^435 /);
  assert.equal(await client.command('CHECK <1@x>'), '438 <1@x>');
  assert.match(await client.offer('IHAVE <2@x>', relayed('<3@x>')), /^437 /);
  assert.match(await client.offer('IHAVE <2@x>', relayed('<2@x>', { Path: '' })), /^437 /);
  // A pipeline as peers send it: commands and articles without a wait.
  client.send('CHECK <4@x>\r\nTAKETHIS <1@x>\r\n');
  client.sendArticle(relayed('<1@x>'));
  client.send('TAKETHIS <4@x>\r\n');
  client.sendArticle(relayed('<4@x>'));
  client.send('TAKETHIS bad\r\n');
  client.sendArticle(relayed('<5@x>'));
  client.send('TAKETHIS <5@x> <7@x>\r\n');
  client.sendArticle(relayed('<5@x>'));
  client.send('TAKETHIS\r\n');
  client.sendArticle(relayed('<5@x>'));
  client.send('TAKETHIS <6@x>\r\n');
  client.sendArticle(relayed('<6@x>', { Newsgroups: 'no.such' }));
  client.send('CHECK <4@x>\r\n');
  for (const expected of [
    '238 <4@x>',
    '439 <1@x>',
    '239 <4@x>',
    /^501 /,
    /^501 /,
    /^501 /,
    '439 <6@x>',
    '438 <4@x>',
  ]) {
    const line = await client.line();
    if (typeof expected === 'string') assert.equal(line, expected);
    else assert.match(line, expected);
  }
});

test('of two that bring an article at once one files it', async () => {
  await using it = await setUp();
  const { id } = await it.group('misc.test');
  const clients = await Promise.all([1, 2, 3, 4].map(() => it.reader()));
  for (const client of clients) assert.match(await client.command('IHAVE <1@x>'), /^335 /);
  for (const client of clients) client.sendArticle(relayed('<1@x>'));
  const replies = await Promise.all(clients.map((client) => client.line()));
  assert.equal(replies.filter((reply) => reply.startsWith('235')).length, 1, replies.join());
  assert.ok(
    replies.every((reply) => /^(235|436|437)/.test(reply)),
    replies.join(),
  );
  assert.equal((await it.store.mailbox(id).snapshot()).count, 1);
});

test('a crash between append and note: the next attempt finds the article', async () => {
  await using it = await setUp();
  const { id } = await it.group('misc.test');
  const store = it.kernel.get(MAIL_STORE);
  const append = store.append.bind(store);
  // The process "dies" after the append: the note is never written, the hold stays.
  let isDying = true;
  store.append = async (...args) => {
    const outcomes = await append(...args);
    if (!isDying) return outcomes;
    isDying = false;
    throw new Error('killed');
  };
  const client = await it.reader();
  assert.match(await client.offer('IHAVE <1@x>', relayed('<1@x>')), /^436 /);
  assert.match(await client.offer('IHAVE <1@x>', relayed('<1@x>')), /^235 /);
  assert.equal((await it.store.mailbox(id).snapshot()).count, 1);
  assert.equal(await client.command('STAT <1@x>'), '223 0 <1@x>');
});

test('moderated groups take approved articles', async () => {
  await using it = await setUp({ config: { moderators: [{ groups: 'mod.*', address: 'x@y' }] } });
  await it.group('mod.test');
  await it.group('misc.test');
  const client = await it.reader();
  const fields = { Newsgroups: 'misc.test,mod.test' };
  assert.match(await client.offer('POST', article(fields)), /^441 .*moderated/);
  assert.match(await client.offer('POST', article({ ...fields, Approved: 'x@y' })), /^240 /);
});

const lockOf = (key: string) => `sha256:${createHash('sha256').update(key).digest('base64')}`;

test('RFC 5537 §5.3, RFC 8315: cancel by a key, else by the rights of newsmaster', async () => {
  await using it = await setUp();
  await it.group('misc.test');
  await it.group('own', { anyone: 'lrp', news: 'lrt' });
  await it.group('control.cancel');
  const client = await it.reader();
  const post = async (fields: Record<string, string>) =>
    assert.match(await client.offer('POST', article(fields)), /^240 /);
  const cancel = (id: string, fields: Record<string, string> = {}) =>
    post({ Control: `cancel ${id}`, Subject: `cmsg cancel ${id}`, ...fields });
  await post({ 'Message-ID': '<locked@x>', 'Cancel-Lock': lockOf('secret'), Newsgroups: 'misc.test,own' });
  await post({ 'Message-ID': '<open@x>' });
  await post({ 'Message-ID': '<mastered@x>', Newsgroups: 'own' });
  await cancel('<locked@x>');
  await cancel('<locked@x>', { 'Cancel-Key': 'sha256:wrong' });
  await cancel('<open@x>', { 'Cancel-Key': 'sha256:secret' });
  assert.match(await client.command('STAT <locked@x>'), /^223 /);
  assert.match(await client.command('STAT <open@x>'), /^223 /);
  await cancel('<locked@x>', { 'Cancel-Key': 'sha256:secret' });
  await cancel('<mastered@x>');
  assert.match(await client.command('STAT <locked@x>'), /^430 /);
  assert.match(await client.command('STAT <mastered@x>'), /^430 /);
  assert.match(await client.command('GROUP own'), /^211 0 /);
  // Cancelled articles are not taken again, and one that comes after its cancel is not taken at all.
  assert.match(await client.command('IHAVE <mastered@x>'), /^435 /);
  await cancel('<late@x>', { Newsgroups: 'own' });
  assert.match(await client.command('IHAVE <late@x>'), /^435 /);
  await cancel('<later@x>');
  assert.match(await client.command('IHAVE <later@x>'), /^335 /);
  client.sendArticle(relayed('<later@x>'));
  await client.expect(/^235 /);
  // Control messages are filed by themselves.
  assert.match(await client.command('GROUP control.cancel'), /^211 7 /);
  await post({ 'Message-ID': '<new@x>', Supersedes: '<open@x>' });
  assert.match(await client.command('STAT <open@x>'), /^223 /);
});

test('RFC 5537 §5.2: newgroup and rmgroup by the rights of newsmaster', async () => {
  await using it = await setUp();
  await it.store.catalogue.create(sharedMailbox(['news']), { acl: { anyone: 'lrp', news: 'lrkx' } });
  await it.group('control');
  await it.group('keep', { anyone: 'lrp' });
  const client = await it.reader();
  const control = async (text: string, fields: Record<string, string> = { Approved: 'a@b' }) =>
    assert.match(await client.offer('POST', article({ Control: text, ...fields })), /^240 /);
  await control('newgroup new.group', {});
  assert.match(await client.command('GROUP new.group'), /^411 /);
  await control('newgroup new.group');
  assert.equal(await client.command('GROUP new.group'), '211 0 1 0 new.group');
  await control('newgroup ../bad*');
  await control('rmgroup keep');
  assert.match(await client.command('GROUP keep'), /^211 /);
  await control('rmgroup new.group');
  assert.match(await client.command('GROUP new.group'), /^411 /);
});
