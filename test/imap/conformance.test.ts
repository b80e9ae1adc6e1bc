/** Every rule against this server, over its socket; `peers.ts` plays the same ones against others. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { TestServer } from '../support/server.js';
import { allRules } from './rules.js';
import { runRule, type Target } from './transcript/run.js';

const user = 'conny';
const password = 'secret';
let server: TestServer;

before(async () => {
  server = await TestServer.start({ users: { [user]: password, second: password, admin: password } });
});
after(() => server[Symbol.asyncDispose]());

for (const rule of allRules()) {
  test(`${rule.source}: ${rule.title}`, async () => {
    const others = { second: { user: 'second', password }, admin: { user: 'admin', password } };
    const target: Target = { host: '127.0.0.1', port: server.port('imap'), user, password, ...others };
    const verdict = await runRule(rule, target);
    if (verdict.is === 'lacks')
      assert.fail(`${rule.file}:${rule.at}: the server does not offer ${verdict.capability}`);
    if (verdict.is === 'broken') assert.fail(`${rule.file}:${verdict.at}: ${verdict.why}`);
  });
}
