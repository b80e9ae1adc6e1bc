/** Limits, networks and scopes hold over every protocol, by its name and the client's address. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { plainClient } from '@angarium/testing';
import type { TestServer } from '../support/server.js';
import { exchange, open, type Protocol, protocols } from './protocols.test.support.js';
import { startServer } from './support.js';

const FAILURES = 6;
/** The client's address for the protocol's row; all are this machine. */
const address = (network: number, row: number) => `127.0.${network}.${row + 1}`;

let server: TestServer;

before(async () => {
  const rules = protocols.map(({ name }, row) => ({
    users: ['fred'],
    services: [name],
    networks: [address(1, row)],
  }));
  server = await startServer({
    users: { fred: 'secret', wilma: 'secret' },
    set: {
      'plugins.lmtp.deliverers': '["fred","wilma"]',
      'plugins.auth-limits': JSON.stringify({
        neverBlock: [],
        failuresByAddress: FAILURES,
        failuresByAccount: 1000,
      }),
      'plugins.auth-networks': JSON.stringify({ rules }),
    },
  });
});
after(() => server?.[Symbol.asyncDispose]());

async function logIn(protocol: Protocol, from: string, user: string, password: string): Promise<string> {
  const client = await open(server, protocol, { from });
  const reply = await exchange(client, protocol, 'PLAIN', plainClient(user, password));
  client.destroy();
  return reply;
}

test('an account may come over a protocol from the networks that its rule names', async () => {
  for (const [row] of protocols.entries()) {
    for (const protocol of protocols) {
      const reply = await logIn(protocol, address(1, row), 'fred', 'secret');
      const { ok, refused } = protocol.replies;
      const isOwn = protocol === protocols[row];
      assert.match(reply, isOwn ? ok : refused, `${protocol.name} from ${address(1, row)}`);
    }
  }
});

/** No two protocols are in the same ones, so that none can pass for another. */
const scopes = ['imap,nntp,managesieve', 'pop3,nntp', 'lmtp,managesieve'];

test('an application password opens the protocols of its scope alone', async () => {
  for (const [row, scope] of scopes.entries()) {
    const add = ['users', 'app-password', 'add', 'wilma', '--label', scope, '--services', scope, '--json'];
    const { password } = JSON.parse(server.command(add)) as { password: string };
    for (const protocol of protocols) {
      const reply = await logIn(protocol, address(2, row), 'wilma', password);
      const { ok, refused } = protocol.replies;
      const isOpen = scope.split(',').includes(protocol.name);
      assert.match(reply, isOpen ? ok : refused, `${scope} over ${protocol.name}`);
    }
  }
});

test('failures over any protocol block the address for all', async () => {
  for (const [row, guessed] of protocols.entries()) {
    const from = address(3, row);
    for (let n = 0; n < FAILURES; n++) {
      assert.match(await logIn(guessed, from, 'wilma', `guess ${n}`), guessed.replies.refused, guessed.name);
    }
    for (const protocol of protocols) {
      const reply = await logIn(protocol, from, 'wilma', 'secret');
      assert.match(
        reply,
        protocol.replies.unavailable,
        `${protocol.name} after guesses over ${guessed.name}`,
      );
    }
    assert.match(await logIn(guessed, address(4, row), 'wilma', 'secret'), guessed.replies.ok, guessed.name);
  }
});

test('a client that a proxy speaks for (XCLIENT) is judged by its own address', async () => {
  const lmtp = protocols.find(({ name }) => name === 'lmtp')!;
  const own = address(1, protocols.indexOf(lmtp));
  for (const [proxy, stranger, reply] of [
    [own, '192.0.2.9', lmtp.replies.refused],
    ['127.0.0.1', own, lmtp.replies.ok],
  ] as const) {
    const client = await open(server, lmtp, { from: proxy });
    client.sendLine(`XCLIENT ADDR=${stranger}`);
    await client.until(/^220 /);
    client.sendLine(lmtp.hello!);
    await client.until(/^250 /);
    const answer = await exchange(client, lmtp, 'PLAIN', plainClient('fred', 'secret'));
    assert.match(answer, reply, `${stranger} by ${proxy}`);
    client.destroy();
  }
});
