/** Every mechanism over every protocol: one server, clients of our own, and Cyrus's programs for what these do not speak. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import type { LineClient } from '@angarium/testing';
import type { TestServer } from '../support/server.js';
import { eventually, run, without } from '../support/tools.js';
import { Everything, services, skip } from './everything.test.support.js';
import { type Login, type Mechanism, mechanisms, says } from './mechanisms.test.support.js';
import { exchange, list, open, type Protocol, protocols, script } from './protocols.test.support.js';
import { bearer, token } from './tokens.test.support.js';

/** Above every bound, and short enough to be read to its end. */
const ENDLESS = 'A'.repeat(80_000);

let them: Everything;
let server: TestServer;

before(async () => {
  if (skip) return;
  them = await Everything.start();
  server = them.server;
});
after(() => them?.[Symbol.asyncDispose]());

/** @param certificate whose, for mechanisms that take one. */
function connect(protocol: Protocol, { tls }: Mechanism, certificate: string, from = '127.0.0.1') {
  if (tls === undefined) return open(server, protocol, { from });
  return open(server, protocol, { from, tls: tls === 'certificate' ? them.authority.pair(certificate) : {} });
}

const socketOf = ({ stream }: LineClient) =>
  'exportKeyingMaterial' in stream ? (stream as TLSSocket) : undefined;

/** A login on a connection of its own. Answers the reply. */
async function login(
  protocol: Protocol,
  mechanism: Mechanism,
  { user, isRight, authzid }: Omit<Login, 'socket'>,
  isInitial = true,
): Promise<string> {
  const client = await connect(protocol, mechanism, isRight ? user : 'nobody');
  const who = { user, isRight, socket: socketOf(client), ...(authzid === undefined ? {} : { authzid }) };
  const reply = await exchange(client, protocol, mechanism.name, mechanism.client!(who), isInitial);
  client.destroy();
  return reply;
}

/** What breaks leaves the session; then the login works, and none works after it. */
async function breakThenLogIn(protocol: Protocol, mechanism: Mechanism): Promise<void> {
  const { name } = mechanism;
  const { begin, replies } = protocol;
  const client = await connect(protocol, mechanism, 'fred');
  const say = (command: string, ...responses: string[]) => script(client, protocol, command, ...responses);
  assert.match(await say(begin(name), '*'), replies.cancelled, name);
  assert.match(await say(begin(name), 'A*==B'), replies.notBase64, name);
  const offered = await list(client, protocol);
  assert.equal(offered.includes(name), true, `${name} of ${offered}`);
  assert.match(await say(begin(name), ENDLESS), replies.tooLong, name);
  const initial = mechanism.isServerFirst ? 'AAAA' : 'AAA';
  assert.match(
    await say(begin(name, initial)),
    mechanism.isServerFirst ? replies.unexpected : replies.notBase64,
    name,
  );
  if (mechanism.client) {
    const sasl = mechanism.client({ user: 'fred', isRight: true, socket: socketOf(client) });
    assert.match(await exchange(client, protocol, name, sasl), replies.ok, name);
    if ('isServerVerified' in sasl) assert.equal(sasl.isServerVerified, true, name);
    assert.match(await say(begin('PLAIN', 'AAAA')), replies.again, name);
    assert.deepEqual(await list(client, protocol), protocol.announces ? offered : [], name);
  }
  client.destroy();
}

/** After a message of the mechanism, where it takes more than one. */
async function cancelLate(protocol: Protocol, mechanism: Mechanism): Promise<void> {
  const { name } = mechanism;
  if (!/SCRAM|AUTH/.test(name)) return;
  const client = await connect(protocol, mechanism, 'fred');
  const { initial } = mechanism.client!({ user: 'fred', isRight: false, socket: socketOf(client) });
  const reply = await script(client, protocol, protocol.begin(name, initial?.toString('base64')), '*');
  assert.match(reply, protocol.replies.cancelled, name);
  client.destroy();
}

async function logInAs(protocol: Protocol, mechanism: Mechanism): Promise<void> {
  const { replies } = protocol;
  const fred = { user: 'fred', isRight: true };
  const admin = { user: 'admin', isRight: true };
  assert.match(
    await login(protocol, mechanism, { ...fred, isRight: false }),
    replies.refused,
    mechanism.name,
  );
  assert.match(await login(protocol, mechanism, fred, false), replies.ok, mechanism.name);
  await cancelLate(protocol, mechanism);
  if (!mechanism.actsAs) return;
  assert.match(await login(protocol, mechanism, { ...admin, authzid: 'fred' }), replies.ok, mechanism.name);
  assert.match(
    await login(protocol, mechanism, { ...fred, authzid: 'admin' }),
    replies.overreach,
    mechanism.name,
  );
}

for (const protocol of protocols) {
  test(`${protocol.name}: every mechanism lets in, refuses, and ends as the protocol says`, {
    skip,
  }, async () => {
    for (const mechanism of mechanisms) {
      await breakThenLogIn(protocol, mechanism);
      if (mechanism.client) await logInAs(protocol, mechanism);
    }
  });
}

test('from where an account may not come, no proof is good', { skip }, async () => {
  for (const protocol of protocols) {
    for (const mechanism of mechanisms.filter(({ client }) => client)) {
      const client = await connect(protocol, mechanism, 'fred', '127.0.0.2');
      const sasl = mechanism.client!({ user: 'fred', isRight: true, socket: socketOf(client) });
      const reply = await exchange(client, protocol, mechanism.name, sasl);
      assert.match(reply, protocol.replies.refused, `${protocol.name} ${mechanism.name}`);
      client.destroy();
    }
  }
});

/** Of `log/auth.log`. */
interface Entry {
  readonly outcome: string;
  readonly service: string;
  readonly mechanism: string;
  readonly user: string;
  readonly actingFor?: string;
  readonly address: string;
  readonly tls: boolean;
}

test('the log of logins tells them apart by service, mechanism, and who acts for whom', {
  skip,
}, async () => {
  const cells = services.flatMap((service) =>
    mechanisms.filter(({ client }) => client).map((mechanism) => ({ service, mechanism })),
  );
  const missing = await eventually(() => {
    const lines = readFileSync(join(server.data, 'log', 'auth.log'), 'utf8')
      .trimEnd()
      .split('\n');
    const entries = lines.map((line) => JSON.parse(line) as Entry);
    const isThere = (wanted: Partial<Entry>) =>
      entries.some((entry) =>
        Object.entries(wanted).every(([key, value]) => entry[key as keyof Entry] === value),
      );
    const absent = cells.filter(({ service, mechanism: { name, tls, actsAs } }) => {
      const cell = { service, mechanism: name, address: '127.0.0.1', tls: tls !== undefined, user: 'fred' };
      const isComplete =
        isThere({ ...cell, outcome: 'ok' }) && (!actsAs || isThere({ ...cell, actingFor: 'admin' }));
      return !isComplete || !isThere({ service, mechanism: name, outcome: 'failed' });
    });
    return absent.length === 0 ? absent : undefined;
  });
  assert.deepEqual(missing, []);
});

test('lists before TLS, after it, with a certificate, and after a login', { skip }, async () => {
  for (const protocol of protocols) {
    const anonymous = protocol.service === 'sieve' ? [] : ['ANONYMOUS'];
    const expected = (...kinds: Mechanism['tls'][]) => [
      ...mechanisms.filter(({ tls }) => kinds.includes(tls)).map(({ name }) => name),
      ...anonymous,
    ];
    const plain = await open(server, protocol);
    assert.deepEqual(await list(plain, protocol), expected(undefined), protocol.name);
    plain.destroy();
    const secured = await open(server, protocol, { tls: {} });
    assert.deepEqual(await list(secured, protocol), expected(undefined, 'yes'), protocol.name);
    secured.destroy();
    const certified = await open(server, protocol, { tls: them.authority.pair('fred') });
    assert.deepEqual(
      await list(certified, protocol),
      expected(undefined, 'yes', 'certificate'),
      protocol.name,
    );
    certified.destroy();
  }
});

test('anybody comes in where there is something for nobody', { skip }, async () => {
  const others = {
    maildrop: /^-ERR \[SYS\/PERM\] There is no such maildrop$/,
    scripts: /^NO \(AUTH-TOO-WEAK\) "Scripts are kept/,
  };
  const outcomes = { imap: 'ok', pop3: 'maildrop', nntp: 'ok', lmtp: 'overreach', managesieve: 'scripts' };
  for (const protocol of protocols) {
    const client = await open(server, protocol);
    const reply = await exchange(client, protocol, 'ANONYMOUS', says('me@example.org'));
    client.destroy();
    const outcome = outcomes[protocol.name as keyof typeof outcomes];
    const expected = { ...protocol.replies, ...others }[outcome as 'ok'];
    assert.match(reply, expected, protocol.name);
  }
});

test('a ticket or token may be long, an unknown mechanism is named as such', { skip }, async () => {
  const long = token('fred', 600, 'x'.repeat(20_000));
  for (const protocol of protocols) {
    // RFC 5034 §4 and RFC 4954 §4 forbid clients a long initial response; the others have to take it.
    for (const isInitial of ['pop3', 'lmtp'].includes(protocol.name) ? [false] : [true, false]) {
      const client = await open(server, protocol);
      const { client: sasl } = bearer('OAUTHBEARER', 'fred', long);
      const reply = await exchange(client, protocol, 'OAUTHBEARER', sasl, isInitial);
      assert.match(reply, protocol.replies.ok, `${protocol.name} ${isInitial}`);
      client.destroy();
    }
    const client = await open(server, protocol);
    assert.match(
      await script(client, protocol, protocol.begin('X-NONE')),
      protocol.replies.unknown,
      protocol.name,
    );
    const noKerberos = says('no token of Kerberos');
    assert.match(
      await exchange(client, protocol, 'GSSAPI', noKerberos),
      protocol.replies.refused,
      protocol.name,
    );
    assert.match(
      await exchange(client, protocol, 'PLAIN', says('fred')),
      protocol.replies.malformed,
      protocol.name,
    );
    client.destroy();
  }
});

/** What Cyrus's programs have in libsasl2. */
const theirs = [
  'GSSAPI',
  'EXTERNAL',
  'SCRAM-SHA-512',
  'SCRAM-SHA-256',
  'SCRAM-SHA-1',
  'DIGEST-MD5',
  'CRAM-MD5',
  'PLAIN',
  'LOGIN',
];

for (const protocol of protocols) {
  const { program, name, port } = protocol;
  test(`Cyrus's ${program} logs in with all it knows`, { skip: skip || without(program) }, async () => {
    const speak = async (
      mechanism: string,
      user: string,
      authzid: string,
      password: string,
      ...more: string[]
    ) => {
      const who = ['-m', mechanism, '-a', user, '-u', authzid, '-w', password];
      const input = name === 'imap' ? '. LOGOUT\r\n' : 'LOGOUT\r\nQUIT\r\n';
      const args = ['-p', String(server.port(port)), ...who, ...more, 'localhost'];
      return (await run(program, args, { env: them.realm.env, input })).output;
    };
    const tls = (user: string) => ['-t', them.authority.file(`${user}.both.pem`)];
    assert.ok(await them.realm.kinit('fred'));
    for (const mechanism of theirs) {
      const how = mechanism === 'EXTERNAL' ? tls('fred') : [];
      const output = await speak(mechanism, 'fred', 'fred', 'secret', ...how);
      assert.match(output, /^Authenticated\.$/m, `${mechanism}\n${output}`);
      const noPassword = ['GSSAPI', 'EXTERNAL'].includes(mechanism);
      const refused = noPassword
        ? await speak(mechanism, 'fred', 'admin', '', ...how)
        : await speak(mechanism, 'fred', 'fred', 'wrong');
      const { replies } = protocol;
      const said = refused.split(/\r?\n/).some((line) => {
        const reply = line.replace(/^S: /, '').replace(/^[AL]01 /, 'x ');
        return (noPassword ? replies.overreach : replies.refused).test(reply);
      });
      assert.ok(said, `${mechanism}\n${refused}`);
    }
    assert.ok(await them.realm.kinit('admin'));
    for (const mechanism of ['GSSAPI', 'DIGEST-MD5', 'EXTERNAL']) {
      const how = mechanism === 'EXTERNAL' ? tls('admin') : [];
      const output = await speak(mechanism, 'admin', 'fred', 'secret', ...how);
      assert.match(output, /^Authenticated\.$/m, `${mechanism}\n${output}`);
    }
    // fred/admin is an instance, and no user.
    assert.ok(await them.realm.kinit('fred/admin'));
    assert.match(await speak('GSSAPI', 'fred', 'fred', ''), /Authentication failed/);
  });
}

const smtplib = `
import smtplib, sys
port, bearer = int(sys.argv[1]), sys.argv[2]
with smtplib.LMTP('127.0.0.1', port) as lmtp:
    lmtp.ehlo()
    print(lmtp.auth('OAUTHBEARER', lambda challenge=None: f'n,a=fred,\\x01auth=Bearer {bearer}\\x01\\x01')[0])
`;

test("Python's smtplib brings a token over LMTP", { skip: skip || without('python3') }, async () => {
  const speak = (text: string) => run('python3', ['-c', smtplib, String(server.port('lmtp')), text]);
  assert.equal((await speak(token('fred'))).output, '235\n');
  assert.match((await speak(token('fred', -60))).output, /SMTPAuthenticationError: \(535, /);
});
