import assert from 'node:assert/strict';
import { test } from 'node:test';
import { definePlugin, type Identity, JMAP_ACCESS, type JmapAccess, provide } from '@angarium/sdk';
import { TestServer } from '../../server.test.support.js';

class Fake implements JmapAccess {
  sessionUrl({ user }: Identity) {
    return user === 'fred' ? 'https://mail.example/.well-known/jmap' : undefined;
  }
}

test('offered, and answered, where a JMAP plugin is and for whom it works', async () => {
  const jmap = {
    name: 'fake-jmap',
    manifest: { provides: ['jmap-access@1'] },
    definition: definePlugin({ provides: [provide(JMAP_ACCESS, Fake)] }),
  };
  await using server = await TestServer.start({ more: [jmap] });
  const stranger = await server.greeted();
  assert.ok(!(await stranger.ok('CAPABILITY')).untagged[0]!.includes('JMAPACCESS'));
  const client = await server.loggedIn();
  assert.match((await client.ok('CAPABILITY')).untagged[0]!, / JMAPACCESS/);
  assert.deepEqual((await client.ok('GETJMAPACCESS')).untagged, [
    'JMAPACCESS "https://mail.example/.well-known/jmap"',
  ]);
  const other = await server.loggedIn('joe');
  assert.ok(!(await other.ok('CAPABILITY')).untagged[0]!.includes('JMAPACCESS'));
  assert.match((await other.command('GETJMAPACCESS')).text, /^\[CANNOT\]/);
});

test('without a provider there is neither word nor command', async () => {
  await using server = await TestServer.start();
  const client = await server.loggedIn();
  assert.ok(!(await client.ok('CAPABILITY')).untagged[0]!.includes('JMAPACCESS'));
  assert.equal((await client.command('GETJMAPACCESS')).status, 'BAD');
});
