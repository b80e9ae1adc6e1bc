import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { definePlugin, provide, REFERRALS, type Referrals } from '@angarium/sdk';
import { ScramClient } from '@angarium/testing';
import { far, type SieveTestClient, setUp } from './server.test.support.js';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const fred = base64('\0fred\0fred pw');
const wrong = base64('\0fred\0wrong');

/** Answers the challenge for CRAM-MD5. */
async function cram(client: SieveTestClient, user: string): Promise<string> {
  client.sendLine('AUTHENTICATE "CRAM-MD5"');
  const challenge = Buffer.from(challengeOf(await client.whole()), 'base64');
  const digest = createHmac('md5', `${user} pw`).update(challenge).digest('hex');
  return await client.command(`"${base64(`${user} ${digest}`)}"`);
}

/** Challenges are literals: Cyrus's clients know no other. */
function challengeOf(line: string): string {
  const [, text] = /^\{\d+\}\r\n(.*)$/.exec(line) ?? [];
  if (text === undefined) throw new Error(`not a literal: ${line}`);
  return text;
}

test('initial responses and responses, quoted and as literals, `*` and nonsense (RFC 5804 §2.1)', async () => {
  await using server = await setUp();
  const ways: [string, string?][] = [
    [`AUTHENTICATE "PLAIN" "${fred}"`],
    [`AUTHENTICATE "plain" {${fred.length}+}\r\n${fred}`],
    [`AUTHENTICATE {5}\r\nPLAIN {${fred.length}}\r\n${fred}`],
    ['AUTHENTICATE "PLAIN"', `"${fred}"`],
    ['AUTHENTICATE "PLAIN"', `{${fred.length}+}\r\n${fred}`],
  ];
  for (const [line, response] of ways) {
    const client = await server.connect();
    client.sendLine(line);
    if (response !== undefined) {
      assert.equal(await client.whole(), '{0}\r\n');
      client.sendLine(response);
    }
    assert.equal(await client.answer(), 'OK', line);
    assert.equal(await client.command(`AUTHENTICATE "PLAIN" "${fred}"`), 'NO "Already authenticated"');
  }
  const refusals: [string, string, RegExp][] = [
    ['AUTHENTICATE "PLAIN"', '"*"', /^NO "Authentication cancelled"$/],
    ['AUTHENTICATE "PLAIN"', '"!!"', /^NO "Malformed response: not base64"$/],
    ['AUTHENTICATE "PLAIN"', fred, /^NO "Expected a response as a string"$/],
    ['AUTHENTICATE "PLAIN"', `{70000+}\r\n${'A'.repeat(70000)}`, /^NO "The string is too long/],
  ];
  for (const [line, response, expected] of refusals) {
    const client = await server.connect();
    client.sendLine(line);
    assert.equal(await client.whole(), '{0}\r\n');
    assert.match(await client.command(response), expected);
    assert.equal(await client.command('NOOP'), 'OK "NOOP completed"', 'what is left is thrown away');
  }
});

test('a mechanism whose server speaks first, and refuses an initial response', async () => {
  await using server = await setUp();
  const client = await server.connect();
  assert.match(await client.command('AUTHENTICATE "CRAM-MD5" "AAAA"'), /^NO "Malformed response/);
  assert.equal(await cram(client, 'fred'), 'OK');
});

test('the last message of the server comes with OK (RFC 5804 §1.3 SASL)', async () => {
  await using server = await setUp();
  const client = await server.connect();
  const sasl = new ScramClient({ hash: 'SHA-256', user: 'fred', password: 'fred pw' });
  client.sendLine(`AUTHENTICATE "SCRAM-SHA-256" "${sasl.initial.toString('base64')}"`);
  const response = sasl.respond(Buffer.from(challengeOf(await client.whole()), 'base64'));
  const answer = await client.command(`"${response.toString('base64')}"`);
  const [, data = ''] = /^OK \(SASL "(.+)"\)$/.exec(answer) ?? [];
  assert.match(Buffer.from(data, 'base64').toString(), /^v=/, answer);
});

test('wrong passwords are refused, and the session ends after some', async () => {
  await using server = await setUp();
  const client = await server.connect();
  for (let i = 1; i <= 5; i++)
    assert.equal(await client.command(`AUTHENTICATE "PLAIN" "${wrong}"`), 'NO "Authentication failed"');
  assert.equal(await client.end(), 'BYE "Too many failed authentication attempts"\r\n');
});

test('passwords do not travel in the clear (RFC 5804 §1.3 ENCRYPT-NEEDED, AUTH-TOO-WEAK)', async () => {
  await using server = await setUp({
    authentication: { mechanisms: ['SCRAM-SHA-256', 'PLAIN', 'ANONYMOUS'] },
  });
  const client = await server.connect(far);
  assert.match(client.greeting, /^"SASL" "SCRAM-SHA-256"$/m);
  assert.match(await client.command(`AUTHENTICATE "PLAIN" "${fred}"`), /^NO \(ENCRYPT-NEEDED\) "/);
  assert.match(await client.command('AUTHENTICATE "CRAM-MD5"'), /^NO \(AUTH-TOO-WEAK\) "/);
  assert.match(await client.command('AUTHENTICATE "FOO"'), /^NO "Unknown authentication mechanism"/);
  assert.match(await client.command('AUTHENTICATE "ANONYMOUS" "eA=="'), /^NO \(AUTH-TOO-WEAK\) "Scripts are/);
});

test("an administrator keeps another user's scripts, others do not", async () => {
  await using server = await setUp();
  const admin = await server.connect();
  assert.equal(await admin.logIn('admin', 'fred'), 'OK');
  assert.match(await admin.command('CAPABILITY'), /^"OWNER" "fred"$/m);
  assert.equal(await admin.command('PUTSCRIPT "of admin" "keep;"'), 'OK');
  const client = await server.loggedIn('fred');
  assert.equal(await client.command('LISTSCRIPTS'), '"of admin"\nOK');
  const wilma = await server.connect();
  assert.equal(await wilma.logIn('wilma', 'fred'), 'NO "Authorization failed"');
  assert.equal(await wilma.command('LISTSCRIPTS'), 'NO "Authenticate first"');
});

class Elsewhere implements Pick<Referrals, 'home'> {
  async home({ user }: { readonly user: string }) {
    if (user === 'wilma') return { server: '[2001:db8::1]:143', mayStay: false };
    if (user === 'fred') return { server: 'mail.example.org:143', mayStay: false };
    return { server: 'other.example', mayStay: true };
  }
  servers = async () => [];
  names = async () => [];
}

test('users of another server are sent there (RFC 5804 §1.3 REFERRAL)', async () => {
  const referrals = {
    name: 'elsewhere',
    manifest: { provides: ['referrals@1'] },
    definition: definePlugin({ provides: [provide(REFERRALS, Elsewhere)] }),
  };
  await using server = await setUp({ plugins: [referrals] });
  const client = await server.connect();
  assert.equal(
    await client.logIn(),
    'BYE (REFERRAL "sieve://mail.example.org") "Your scripts are on another server"',
  );
  assert.equal(await client.end(), '');
  assert.match(
    await (await server.connect()).logIn('wilma'),
    /^BYE \(REFERRAL "sieve:\/\/\[2001:db8::1\]"\)/,
  );
  assert.equal(await (await server.connect()).logIn('admin'), 'OK');
});
