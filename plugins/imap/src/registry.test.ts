import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defineImapCommand, IMAP_EXTENSIONS } from '@angarium/sdk';
import { ManualClock } from '@angarium/testing';
import { builtInExtensions } from './built-in.js';
import type { ImapConfig } from './config.js';
import { plainEnvironment } from './messages/environment.js';
import { ExtensionRegistry } from './registry.js';
import { TestServer } from './server.test.support.js';

const config: ImapConfig = {
  listen: [],
  maxMessageBytes: 1000,
  mailboxAppendLimits: false,
  messageLimit: 0,
  saveLimit: 0,
  maxLiteralBytes: 1000,
  literals: 'LITERAL+',
  idleTimeout: 30,
  loginTimeout: 60,
  idleKeepalive: 29,
  autocreateInbox: true,
  utf8: 'accept',
  append8bitHeaders: false,
  loginReferrals: false,
  language: 'en',
  id: {},
};

function hello(name = 'XHELLO') {
  return defineImapCommand({
    name,
    rfc: 'none',
    states: ['authenticated'],
    parse(line) {
      line.sp();
      return line.astring();
    },
    async run({ session, reply }, who) {
      const times = session.local(Symbol.for('hello'), () => ({ count: 0 }));
      reply.untagged(`XHELLO ${who} ${++times.count}`);
    },
  });
}

test('an extension brings commands and capabilities, and takes them away again', async () => {
  await using server = await TestServer.start();
  const client = await server.loggedIn();
  const added = server.kernel.get(IMAP_EXTENSIONS).add({
    name: 'HELLO',
    capabilities: [{ word: 'XHELLO', states: ['authenticated'] }],
    commands: [hello()],
  });
  assert.match((await client.ok('CAPABILITY')).untagged[0]!, / XHELLO$/);
  assert.deepEqual((await client.ok('xhello "a b"')).untagged, ['XHELLO a b 1']);
  assert.deepEqual((await client.ok('XHELLO x')).untagged, ['XHELLO x 2']);
  assert.equal((await client.command('UID XHELLO x')).status, 'BAD');
  added[Symbol.dispose]();
  added[Symbol.dispose]();
  assert.match((await client.command('XHELLO x')).text, /Unknown command XHELLO/);
  assert.ok(!(await client.ok('CAPABILITY')).untagged[0]!.includes('XHELLO'));
});

test('a name that is taken is an error that names both, and nothing is added', () => {
  const registry = new ExtensionRegistry();
  registry.add({ name: 'ONE', commands: [hello()] });
  const two = { name: 'TWO', commands: [hello('XFREE'), hello('xhello')] };
  assert.throws(() => registry.add(two), /TWO: the command XHELLO is declared by ONE already/);
  assert.equal(registry.command('XFREE'), undefined);
  const twice = { name: 'THREE', enable: [{ name: 'A' }, { name: 'a' }] };
  assert.throws(() => registry.add(twice), /THREE declares A twice/);
});

test('the built-in features can be taken apart: each capability stands with what it promises', () => {
  const registry = new ExtensionRegistry();
  for (const extension of builtInExtensions(registry, config, plainEnvironment, new ManualClock())) {
    const before = registry.capabilities.length;
    const added = registry.add(extension);
    assert.equal(registry.capabilities.length, before + (extension.capabilities?.length ?? 0));
    added[Symbol.dispose]();
    assert.equal(registry.capabilities.length, before);
    registry.add(extension);
  }
  for (const name of ['SELECT', 'MOVE', 'IDLE', 'UNSELECT', 'FETCH']) assert.ok(registry.command(name), name);
});

test('every declared command cites the RFC that defines it', () => {
  const registry = new ExtensionRegistry();
  for (const extension of builtInExtensions(registry, config, plainEnvironment, new ManualClock())) {
    for (const { name, rfc } of extension.commands ?? []) assert.match(rfc, /^RFC \d+ §[\d.]+$/, name);
  }
});
