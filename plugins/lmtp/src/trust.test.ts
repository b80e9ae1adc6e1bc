/** Whom the server believes, and what becomes of full mailboxes and 8-bit headers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DELIVERY_STAGES, type DeliveryEnvelope, MailError } from '@angarium/sdk';
import { deliver, far, hooks, setUp, text } from './server.test.support.js';

async function recording(config: Record<string, unknown> = {}) {
  const it = await setUp(config);
  const envelopes: DeliveryEnvelope[] = [];
  hooks.tap('delivery.starting', (envelope) => void envelopes.push(envelope));
  return { ...it, envelopes };
}

test('trusted networks need no login; others do', async () => {
  await using it = await setUp({ trustedNetworks: ['192.0.2.0/24', '2001:db8::/32'] });
  for (const address of ['192.0.2.1', '2001:db8::9']) {
    const client = await it.hello({ remote: { address, port: 9 } });
    assert.equal(await client.command('MAIL FROM:<>'), '250 2.1.0 Ok');
  }
  const other = await it.hello({ remote: { address: '198.51.100.1', port: 9 } });
  assert.match(await other.command('MAIL FROM:<>'), /^530 /);
  await assert.rejects(setUp({ trustedNetworks: ['everywhere'] }), /everywhere/);
});

test('AUTH of MAIL says whose rights count, where the client is trusted (RFC 4954 §5)', async () => {
  await using it = await recording();
  const local = await it.hello();
  const said = async (client: typeof local, auth: string) => {
    assert.equal(await client.command(`MAIL FROM:<>${auth}`), '250 2.1.0 Ok');
    await client.command('RSET');
    const { user, isAnonymous, admin } = it.envelopes.at(-1)!.identity;
    assert.equal(admin, 'none');
    return isAnonymous ? undefined : user;
  };
  assert.equal(await said(local, ''), undefined);
  assert.equal(await said(local, ' AUTH=<>'), undefined);
  assert.equal(await said(local, ' AUTH=Fred'), 'fred');
  assert.equal(await said(local, ' AUTH=admin'), 'admin');
  assert.equal(await said(local, ' AUTH=nobody'), undefined);
  assert.equal(await said(local, ' AUTH=j+C3+B6rg'), 'jörg');
  assert.equal(await said(local, ' AUTH=a+2Fb'), undefined);
  const open = await it.hello({ ...far, listenOptions: { auth: 'none' } });
  assert.equal(await said(open, ' AUTH=fred'), undefined);
});

test('XFORWARD tells where a trusted MTA has the mail from, for one transaction', async () => {
  await using it = await recording();
  const client = it.connect();
  await client.reply();
  assert.match(await client.command('LHLO mx'), /^250[- ]XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE$/m);
  assert.equal(
    await client.command('XFORWARD NAME=spike.example ADDR=IPv6:2001:db8::1 PORT=25 PROTO=ESMTP'),
    '250 2.0.0 Ok',
  );
  assert.equal(await client.command('XFORWARD HELO=[UNAVAILABLE] IDENT=a+3Db SOURCE=REMOTE'), '250 2.0.0 Ok');
  await deliver(client, 's@x', ['fred'], text);
  assert.deepEqual(it.envelopes.at(-1)!.forwardedFor, {
    name: 'spike.example',
    address: '2001:db8::1',
    port: 25,
    protocol: 'ESMTP',
    ident: 'a=b',
    source: 'remote',
  });
  await deliver(client, 's@x', ['fred'], text);
  assert.equal(it.envelopes.at(-1)!.forwardedFor, undefined);
  for (const bad of [
    '',
    ' FOO=x',
    ' NAME',
    ' NAME=',
    ' NAME=a+1',
    ` NAME=${'x'.repeat(256)}`,
    ' NAME=a+0Ab',
  ]) {
    assert.match(await client.command(`XFORWARD${bad}`), /^501 5\.5\.4/, bad);
  }
  assert.equal(await client.command('MAIL FROM:<>'), '250 2.1.0 Ok');
  assert.match(await client.command('XFORWARD NAME=x'), /^503 /);
  const stranger = await it.hello({ ...far, listenOptions: { auth: 'none' } });
  assert.equal(await stranger.command('XFORWARD NAME=x'), '550 5.7.1 XFORWARD is not for you');
  assert.doesNotMatch(await stranger.command('LHLO x'), /XFORWARD/);
});

test('XCLIENT: a proxy speaks for its clients, and does not lend its rights', async () => {
  await using it = await recording({ trustedNetworks: ['192.0.2.0/24'], deliverers: ['wilma'] });
  const offer = /^250 XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT$/m;
  const proxy = it.connect();
  await proxy.reply();
  assert.match(await proxy.command('LHLO proxy'), offer);
  for (const bad of [
    '',
    ' FOO=x',
    ' IDENT=x',
    ' ADDR=here',
    ' ADDR=',
    ' PORT=65536',
    ' PROTO=HTTP',
    ' DESTADDR=x',
  ]) {
    assert.match(await proxy.command(`XCLIENT${bad}`), /^501 5\.5\.4/, bad);
  }
  await proxy.command('MAIL FROM:<>');
  assert.match(await proxy.command('XCLIENT ADDR=192.0.2.9'), /^503 /);
  await proxy.command('RSET');

  const known =
    'XCLIENT NAME=mx.example ADDR=192.0.2.9 PORT=25 PROTO=ESMTP HELO=mx DESTADDR=IPv6:::1 DESTPORT=24';
  assert.match(await proxy.command(known), /^220 /);
  assert.match(await proxy.command('MAIL FROM:<>'), /^503 /, 'the session begins anew');
  assert.match(await proxy.command('LHLO again'), offer);
  const [reply = ''] = await deliver(proxy, 's@x', ['fred'], text);
  assert.match(reply, /^250/);
  assert.match((await it.inbox('fred'))[0]!, /^Received: from mx \(\[192\.0\.2\.9\]\)/m);
  const { remoteAddress, forwardedFor } = it.envelopes.at(-1)!;
  assert.equal(remoteAddress, '192.0.2.9');
  assert.deepEqual(forwardedFor, {
    name: 'mx.example',
    address: '192.0.2.9',
    port: 25,
    protocol: 'ESMTP',
    helo: 'mx',
  });

  for (const stranger of ['198.51.100.1', '[UNAVAILABLE]']) {
    const client = await it.hello();
    assert.match(await client.command(`XCLIENT ADDR=${stranger}`), /^220 /);
    assert.doesNotMatch(await client.command('LHLO x'), /XCLIENT|XFORWARD/);
    assert.match(await client.command('MAIL FROM:<>'), /^530 /);
    assert.equal(await client.command('XCLIENT ADDR=192.0.2.9'), '550 5.7.1 XCLIENT is not for you');
  }
  const far = await it.hello({ remote: { address: '198.51.100.1', port: 99 } });
  assert.equal(await far.command('XCLIENT ADDR=192.0.2.9'), '550 5.7.1 XCLIENT is not for you');
});

test('XCLIENT LOGIN: who has sent it, and who may deliver', async () => {
  await using it = await recording({ deliverers: ['wilma'] });
  for (const [login, answer] of [
    ['wilma', /^250 /],
    ['fred', /^530 /],
    ['nobody', /^530 /],
    ['admin', /^530 /],
  ] as const) {
    const client = await it.hello();
    assert.match(await client.command(`XCLIENT ADDR=198.51.100.1 LOGIN=${login}`), /^220 /);
    await client.command('LHLO x');
    assert.match(await client.command('MAIL FROM:<>'), answer, login);
  }
  const client = await it.hello();
  await client.command('XCLIENT LOGIN=fred');
  await client.command('LHLO x');
  assert.equal(await client.command('MAIL FROM:<>'), '250 2.1.0 Ok', 'this machine');
  const { user, admin } = it.envelopes.at(-1)!.identity;
  assert.deepEqual([user, admin], ['fred', 'none']);
});

test('DSN parameters are checked, and reach delivery as they are', async () => {
  await using it = await recording();
  const recipients: unknown[] = [];
  it.kernel.get(DELIVERY_STAGES).add({
    name: 'look',
    phase: 'admit',
    order: 1,
    async run(batch) {
      recipients.push(...batch.recipients.map(({ address }) => ({ ...address.parameters })));
    },
  });
  const client = await it.hello();
  assert.equal(await client.command('MAIL FROM:<s@x> RET=HDRS ENVID=QQ+2Bx'), '250 2.1.0 Ok');
  assert.deepEqual({ ...it.envelopes[0]!.parameters }, { RET: 'HDRS', ENVID: 'QQ+2Bx' });
  const rcpt = 'RCPT TO:<fred> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;Fred@example.org';
  assert.equal(await client.command(rcpt), '250 2.1.5 Ok');
  assert.deepEqual(recipients, [{ NOTIFY: 'SUCCESS,DELAY', ORCPT: 'rfc822;Fred@example.org' }]);
  assert.match(await client.command('RCPT TO:<fred> NOTIFY=NEVER,DELAY'), /^501 5\.5\.4/);
  await client.command('RSET');
  assert.match(await client.command('MAIL FROM:<s@x> RET=ALL'), /^501 5\.5\.4/);
});

test('one over quota among nine that are not: its mail waits, or bounces; the others have theirs', async () => {
  for (const overQuotaPermFailure of [false, true]) {
    await using it = await setUp({ overQuotaPermFailure });
    hooks.tap('message.appending', ({ mailbox }) => {
      if (mailbox.name.owner === 'wilma') throw new MailError('OVERQUOTA', 'Over quota');
    });
    const client = await it.hello();
    const ten = Array.from({ length: 10 }, (_, i) => (i === 4 ? 'wilma' : 'fred'));
    const replies = await deliver(client, 's@x', ten, text);
    const expected = overQuotaPermFailure ? '552 5.2.2 Over quota' : '452 4.2.2 Over quota';
    assert.deepEqual(
      replies.map((reply) => (reply.startsWith('250') ? '250' : reply)),
      ten.map((user) => (user === 'wilma' ? expected : '250')),
    );
    assert.equal((await it.inbox('fred')).length, 1);
    assert.equal((await it.inbox('wilma')).length, 0);
  }
});

test('a full mailbox at RCPT is answered the same way', async () => {
  await using it = await setUp({ overQuotaPermFailure: true });
  it.kernel.get(DELIVERY_STAGES).add({
    name: 'quota',
    phase: 'admit',
    order: 1,
    async run() {
      throw new MailError('OVERQUOTA', 'Over quota', { enhancedStatus: '4.2.2' });
    },
  });
  const client = await it.hello();
  await client.command('MAIL FROM:<>');
  assert.equal(await client.command('RCPT TO:<fred>'), '552 5.2.2 Over quota');
});

test('8-bit headers: kept, munged, refused; with SMTPUTF8 they are what they should be', async () => {
  const message = 'Date: d\r\nMessage-ID: <1@x>\r\nSubject: caf\xc3\xa9\r\n\r\n\xc3\xa9\r\n';
  for (const [eightBitHeaders, subject] of [
    ['keep', 'caf\xc3\xa9'],
    ['munge', 'cafXX'],
    ['reject', undefined],
  ] as const) {
    await using it = await setUp({ eightBitHeaders });
    const client = await it.hello();
    const [reply = ''] = await deliver(client, 's@x', ['fred'], message);
    const [filed] = await it.inbox('fred');
    assert.match(reply, subject === undefined ? /^554 5\.6\.0/ : /^250/);
    if (subject !== undefined) assert.ok(filed?.endsWith(`Subject: ${subject}\r\n\r\n\xc3\xa9\r\n`));
    client.send('MAIL FROM:<s@x> SMTPUTF8\r\nRCPT TO:<wilma>\r\nDATA\r\n');
    for (let i = 0; i < 3; i++) await client.reply();
    client.send(`${message}.\r\n`);
    assert.match(await client.reply(), /^250/);
    assert.ok((await it.inbox('wilma'))[0]?.endsWith(message));
  }
});
