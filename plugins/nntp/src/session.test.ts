import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDeflateRaw, createInflateRaw } from 'node:zlib';
import fc from 'fast-check';
import { commands } from './commands/index.js';
import { article, NntpTestClient, setUp } from './server.test.support.js';

test('RFC 3977 §5, §7: greeting, CAPABILITIES, MODE READER, DATE, HELP, QUIT', async () => {
  await using it = await setUp();
  const client = await it.connect();
  const lines = await client.list('CAPABILITIES', 101);
  assert.equal(lines[0], 'VERSION 2');
  for (const label of ['READER', 'POST', 'IHAVE', 'STREAMING', 'OVER MSGID', 'HDR', 'COMPRESS DEFLATE']) {
    assert.ok(lines.includes(label), label);
  }
  assert.ok(lines.includes('AUTHINFO USER SASL') && lines.includes('SASL PLAIN LOGIN'), lines.join('|'));
  assert.ok(!lines.includes('NEWNEWS') && !lines.includes('STARTTLS'));
  assert.match(lines.find((line) => line.startsWith('LIST '))!, /ACTIVE .*OVERVIEW\.FMT/);
  assert.match(await client.command('CAPABILITIES x!'), /^501 /);
  assert.match(await client.command('mode reader'), /^200 /);
  assert.match(await client.command('MODE NOTHING'), /^50[01] /);
  assert.match(await client.command('DATE'), /^111 \d{14}$/);
  assert.ok((await client.list('HELP', 100)).some((line) => line.includes('ARTICLE')));
  assert.match(await client.command('NONSENSE'), /^500 /);
  assert.match(await client.command('NEWNEWS * 20240101 000000'), /^502 /);
  assert.match(await client.command('QUIT'), /^205 /);
  await client.end();
});

test('RFC 4643: AUTHINFO USER and SASL', async () => {
  await using it = await setUp();
  const client = await it.connect();
  assert.match(await client.command('AUTHINFO PASS x'), /^482 /);
  assert.match(await client.command('AUTHINFO USER fred'), /^381 /);
  assert.match(await client.command('AUTHINFO PASS wrong'), /^481 /);
  assert.match(await client.command('AUTHINFO'), /^50[01] /);
  assert.match(await client.command('AUTHINFO SASL NOTHING'), /^503 /);
  assert.match(await client.command('AUTHINFO SASL PLAIN'), /^383 =$/);
  assert.match(await client.command('*'), /^481 /);
  assert.match(await client.command('AUTHINFO SASL PLAIN !!!'), /^504 /);
  const proof = Buffer.from('\0fred\0fred pw').toString('base64');
  assert.match(await client.command(`AUTHINFO SASL PLAIN ${proof}`), /^281 /);
  assert.match(await client.command('AUTHINFO USER fred'), /^502 /);
  const lines = await client.list('CAPABILITIES', 101);
  assert.ok(!lines.some((line) => /^(AUTHINFO|SASL|STARTTLS)/.test(line)));
});

test('after some wrong passwords one has to connect again', async () => {
  await using it = await setUp();
  const client = await it.connect();
  const wrong = Buffer.from('\0fred\0wrong').toString('base64');
  for (let n = 1; n <= 5; n++) assert.match(await client.command(`AUTHINFO SASL PLAIN ${wrong}`), /^481 /);
  await client.end();
});

test('RFC 4643 §2.3, RFC 4642: where passwords may not travel in the clear', async () => {
  await using it = await setUp({ allowPlaintext: false });
  const client = await it.connect({ remote: { address: '192.0.2.1', port: 9 }, isLocal: false } as never);
  assert.match(await client.command('AUTHINFO USER fred'), /^483 /);
  assert.match(await client.command('AUTHINFO SASL PLAIN'), /^483 /);
  const offered = await client.list('CAPABILITIES', 101);
  assert.ok(!offered.some((line) => /USER|PLAIN/.test(line)), offered.join('|'));
  assert.match(await client.command('STARTTLS'), /^580 /);
});

test('who has not authenticated sees what the ACL gives `anonymous`', async () => {
  for (const [anonymous, seen] of [
    ['never', []],
    ['named', ['open 0 1 n']],
    ['anyone', ['open 0 1 n', 'public 0 1 y']],
  ] as const) {
    await using it = await setUp({ config: { anonymous } });
    await it.group('public', { anyone: 'lrp' });
    await it.group('open', { anonymous: 'lr', anyone: anonymous === 'anyone' ? '' : 'lrsp' });
    await it.group('closed', { fred: 'lrp' });
    const client = await it.connect();
    if (seen.length === 0) assert.match(await client.command('LIST'), /^480 /);
    else assert.deepEqual((await client.list('LIST', 215)).sort(), seen);
    assert.match(await client.command('GROUP closed'), /^480 /);
    assert.match(await client.command('GROUP no.such'), /^480 /);
    assert.match(await client.command('GROUP open'), seen.length === 0 ? /^480 / : /^211 /);
    const posting = anonymous === 'anyone' ? /^340 / : /^480 /;
    assert.match(await client.command('POST'), posting);
  }
});

test('rights are those of the moment', async () => {
  await using it = await setUp();
  const { id } = await it.group('misc.test');
  const client = await it.reader();
  await client.offer('POST', article({ 'Message-ID': '<1@x>' }));
  assert.match(await client.command('GROUP misc.test'), /^211 /);
  await it.store.catalogue.change(id, { acl: { wilma: 'lr' } });
  assert.match(await client.command('STAT 1'), /^412 /);
  assert.match(await client.command('STAT <1@x>'), /^430 /);
  assert.match(await client.command('GROUP misc.test'), /^411 /);
});

test('RFC 8054: COMPRESS DEFLATE, and what it rules out', async () => {
  await using it = await setUp();
  const client = await it.reader();
  assert.match(await client.command('COMPRESS LZ4'), /^503 /);
  const plain = await it.connect();
  assert.match(await plain.command('COMPRESS DEFLATE'), /^206 /);
  const packed = inflated(plain);
  assert.match(await packed.command('COMPRESS DEFLATE'), /^502 /);
  assert.match(await packed.command('AUTHINFO USER fred'), /^502 /);
  assert.match(await packed.command('STARTTLS'), /^502 /);
  const lines = await packed.list('CAPABILITIES', 101);
  assert.ok(lines.includes('AUTHINFO') && !lines.some((line) => /^(COMPRESS|SASL)/.test(line)));
});

/** The client's half of compression. */
function inflated(client: NntpTestClient): NntpTestClient {
  const { stream } = client;
  stream.removeAllListeners('data');
  const deflate = createDeflateRaw({ flush: 2, finishFlush: 2 });
  deflate.pipe(stream, { end: false });
  const packed = new NntpTestClient(stream.pipe(createInflateRaw()) as never);
  packed.send = (data) => {
    deflate.write(typeof data === 'string' ? Buffer.from(data, 'latin1') : data);
    deflate.flush();
  };
  return packed;
}

test('commands in one packet are answered in order', async () => {
  await using it = await setUp();
  await it.group('misc.test');
  const client = await it.reader();
  client.send('DATE\r\nGROUP misc.test\r\nSTAT\r\nBAD\r\nLIST ACTIVE misc.*\r\nDATE\r\n');
  for (const expected of [/^111/, /^211/, /^420/, /^500/, /^215/, /^misc/, /^\.$/, /^111/]) {
    await client.expect(expected);
  }
});

test('lines without end and too many errors', async () => {
  await using it = await setUp();
  const client = await it.connect();
  client.send('x'.repeat(70_000));
  await client.expect(/^501 /);
  client.sendLine('');
  assert.match(await client.command('DATE'), /^111 /);
  for (let n = 0; n < 20; n++) assert.match(await client.command('BAD'), /^500 /);
  await client.expect(/^400 /);
  await client.end();
});

test('a client that goes away inside an article files nothing', async () => {
  await using it = await setUp();
  const { id } = await it.group('misc.test');
  const client = await it.reader();
  assert.match(await client.command('POST'), /^340 /);
  client.send(article({ 'Message-ID': '<1@x>' }));
  client.halfClose();
  await client.end();
  assert.equal((await it.store.mailbox(id).snapshot()).count, 0);
  assert.match(await (await it.reader()).command('IHAVE <1@x>'), /^335 /);
});

test('any line gets one answer that is a status line, in whatever state, and the server stays', async () => {
  await using it = await setUp();
  await it.group('misc.test');
  const names = commands.commands.map(({ name }) => name);
  const safe = names.filter(
    (name) => !/^(QUIT|TAKETHIS|COMPRESS|AUTHINFO SASL|STARTTLS|POST|IHAVE)/.test(name),
  );
  const words = fc.oneof(
    fc.constantFrom(
      '1',
      '1-',
      '<a@b>',
      'misc.test',
      '*',
      'Subject',
      ':bytes',
      '20240101',
      '000000',
      '-',
      '<>',
    ),
    fc.stringMatching(/^[\x21-\x7e\x80-\xff]{1,20}$/),
  );
  const line = fc
    .tuple(fc.constantFrom(...safe), fc.array(words, { maxLength: 4 }))
    .map(([name, args]) => [name, ...args].join(' '));
  await fc.assert(
    fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 12 }), fc.boolean(), async (sent, isIn) => {
      const client = isIn ? await it.reader() : await it.connect();
      for (const command of sent) {
        const status = await client.command(command);
        assert.match(status, /^[1-5]\d\d /, command);
        const isList = /^(100|101|215|224|225|23[01])/.test(status) || /^22[0-2] |^221/.test(status);
        if (isList || (/^211/.test(status) && /^listgroup/i.test(command))) await client.block();
      }
      client.destroy();
    }),
    { numRuns: 60 },
  );
});
