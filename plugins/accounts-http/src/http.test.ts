import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import type { UserId } from '@angarium/sdk';
import type { HttpConfig } from './config.js';
import { HttpService } from './service.js';

const fred = 'fred@example.org' as UserId;
const context = { service: 'imap', remoteAddress: '192.0.2.1' };

async function setUp(answer: (question: Record<string, string>, response: ServerResponse) => void) {
  const asked: { question: Record<string, string>; authorization: string | undefined }[] = [];
  const server = createServer(async (request, response) => {
    const question = JSON.parse(await text(request));
    asked.push({ question, authorization: request.headers.authorization });
    answer(question, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const config: HttpConfig = {
    url: `http://127.0.0.1:${port}/mail`,
    token: 't',
    timeoutSeconds: 1,
    maxConcurrent: 2,
    cacheSeconds: 0,
  };
  return {
    asked,
    service: new HttpService(config),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const say = (value: unknown) => (_: unknown, response: ServerResponse) =>
  void response.end(JSON.stringify(value));

test('accounts', async () => {
  await using it = await setUp(
    say({
      found: true,
      name: 'Fred',
      groups: ['staff'],
      disabled: true,
      attributes: { a: 'b' },
      incarnation: '17',
    }),
  );
  assert.deepEqual(await it.service.find(fred), {
    user: fred,
    displayName: 'Fred',
    groups: ['staff'],
    isDisabled: true,
    attributes: { a: 'b' },
    incarnation: '17',
  });
  assert.deepEqual(it.asked, [{ question: { action: 'find', user: fred }, authorization: 'Bearer t' }]);
  await using nobody = await setUp(say({ found: false }));
  assert.equal(await nobody.service.find(fred), undefined);
  await using least = await setUp(say({ found: true }));
  assert.deepEqual((await least.service.find(fred))?.groups, []);
});

test('passwords', async () => {
  await using it = await setUp(({ password }, response) => {
    response.end(JSON.stringify({ verdict: password === 'secret' ? 'right' : 'wrong' }));
  });
  assert.equal(await it.service.verify(fred, 'secret', context), 'right');
  assert.equal(await it.service.verify(fred, '"}', context), 'wrong');
  assert.deepEqual(it.asked[1]?.question, {
    action: 'verify',
    user: fred,
    password: '"}',
    service: 'imap',
    address: '192.0.2.1',
  });
});

const faults: Readonly<Record<string, (question: unknown, response: ServerResponse) => void>> = {
  'status 500': (_, response) => void response.writeHead(500).end('{"found":true}'),
  'no JSON': (_, response) => void response.end('<html>'),
  'a list': say([]),
  'neither found nor not': say({}),
  'groups that are none': say({ found: true, groups: 'staff' }),
  'attributes that are none': say({ found: true, attributes: { a: 1 } }),
  'a name that is none': say({ found: true, name: 1 }),
  'disabled that is none': say({ found: true, disabled: 'no' }),
  'endless text': (_, response) => void response.end('x'.repeat(100_000)),
  'a redirection': (_, response) => void response.writeHead(302, { location: '/' }).end(),
  'nothing in time': () => {},
};
for (const [name, fault] of Object.entries(faults)) {
  test(`${name} is no answer`, async () => {
    await using it = await setUp(fault);
    await assert.rejects(it.service.find(fred));
    await assert.rejects(it.service.verify(fred, 'x', context));
  });
}

test('passwords go nowhere in the clear', () => {
  const config = { timeoutSeconds: 1, maxConcurrent: 1, cacheSeconds: 0 };
  assert.throws(
    () => new HttpService({ ...config, url: 'http://accounts.example.org/' }),
    /neither https nor/,
  );
  for (const url of ['https://accounts.example.org/', 'http://localhost:1/', 'http://[::1]:1/'])
    assert.ok(new HttpService({ ...config, url }));
});
