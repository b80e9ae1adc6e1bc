import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import type { UserId } from '@angarium/sdk';
import { temporaryFolder } from '@angarium/testing';
import fc from 'fast-check';
import type { SaslauthdConfig } from './config.js';
import { Saslauthd } from './saslauthd.js';
import { decodeAnswer, encodeQuestion } from './wire.js';

/** Counted strings of a question. */
function stringsOf(question: Buffer): string[] {
  const strings: string[] = [];
  for (let at = 0; at < question.length; ) {
    const length = question.readUInt16BE(at);
    strings.push(question.subarray(at + 2, at + 2 + length).toString('utf8'));
    at += 2 + length;
  }
  return strings;
}

function counted(text: string): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(Buffer.byteLength(text));
  return Buffer.concat([length, Buffer.from(text)]);
}

async function setUp(
  answer: (socket: Socket, question: string[]) => void,
  changes: Partial<SaslauthdConfig> = {},
) {
  const folder = temporaryFolder();
  const path = join(folder.path, 'mux');
  const asked: string[][] = [];
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (question) => {
      const strings = stringsOf(question);
      asked.push(strings);
      answer(socket, strings);
    });
  });
  server.listen(path);
  await once(server, 'listening');
  const config = {
    path,
    service: '',
    realm: 'domain',
    assumeAccounts: false,
    timeoutSeconds: 1,
    maxConcurrent: 2,
    cacheSeconds: 0,
    ...changes,
  };
  const daemon = new Saslauthd(config);
  return {
    asked,
    daemon,
    verify: (user: string, password: string) =>
      daemon.verify(user as UserId, password, { service: 'imap', remoteAddress: '192.0.2.1' }),
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, 'close');
      folder[Symbol.dispose]();
    },
  };
}

test('OK is right, NO is for the next source', async () => {
  await using it = await setUp((socket, [, password]) =>
    socket.end(counted(password === 'secret' ? 'OK success' : 'NO')),
  );
  assert.equal(await it.verify('fred@example.org', 'secret'), 'right');
  assert.equal(await it.verify('fred', 'wrong'), 'unknown');
  assert.deepEqual(it.asked, [
    ['fred', 'secret', 'imap', 'example.org'],
    ['fred', 'wrong', 'imap', ''],
  ]);
  assert.match((await it.daemon.explain('fred' as UserId, 'unknown')) ?? '', /^it says no: a wrong password/);
});

test('service and realm by the manifest', async () => {
  const ok = (socket: Socket) => socket.end(counted('OK'));
  await using whole = await setUp(ok, { realm: 'none', service: 'mail' });
  await whole.verify('fred@example.org', 'secret');
  assert.deepEqual(whole.asked, [['fred@example.org', 'secret', 'mail', '']]);
  await using fixed = await setUp(ok, { realm: 'HOUSE' });
  await fixed.verify('fred@example.org', 'secret');
  assert.deepEqual(fixed.asked, [['fred', 'secret', 'imap', 'HOUSE']]);
});

const faults: Readonly<Record<string, (socket: Socket) => void>> = {
  'hangs up': (socket) => socket.destroy(),
  'says nothing': (socket) => socket.end(),
  'says nonsense': (socket) => socket.end('nonsense'),
  miscounts: (socket) => socket.end(Buffer.from([0, 9, 79, 75])),
  'never ends': (socket) => socket.write(Buffer.alloc(5000, 79)),
  'never answers': () => {},
};
for (const [name, fault] of Object.entries(faults)) {
  test(`one that ${name} cannot be asked`, async () => {
    await using it = await setUp(fault);
    await assert.rejects(it.verify('fred', 'secret'));
  });
}

test('accounts are assumed where the manifest says so', async () => {
  await using no = await setUp(() => {});
  assert.equal(no.daemon.find, undefined);
  await using yes = await setUp(() => {}, { assumeAccounts: true });
  assert.equal((await yes.daemon.find?.('fred' as UserId))?.user, 'fred');
});

test('questions are what they say, or are not asked', () => {
  const text = fc.string({ unit: 'binary', maxLength: 600 });
  fc.assert(
    fc.property(text, text, text, text, (login, password, service, realm) => {
      const question = encodeQuestion({ login, password, service, realm });
      const texts = [login, password, service, realm];
      const isTooMuch = texts.some((one) => Buffer.byteLength(one) > 1024 || one.includes('\0'));
      if (isTooMuch) assert.equal(question, undefined);
      else
        assert.deepEqual(
          stringsOf(question!),
          texts.map((one) => Buffer.from(one).toString('utf8')),
        );
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (octets) => {
      try {
        assert.equal(typeof decodeAnswer(Buffer.from(octets)), 'boolean');
      } catch (error) {
        assert.match((error as Error).message, /^saslauthd answered/);
      }
    }),
  );
});
