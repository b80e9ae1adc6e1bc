/** Sieve on a real server: by LMTP, over workers, and through kill -9. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { LmtpTestClient, SmtpSink } from '@angarium/testing';
import { imapSession, subjects } from '../support/imap.js';
import { processTree } from '../support/processes.js';
import { TestServer } from '../support/server.js';

const users = { fred: 'secret' };

/** The primary and its workers. */
function killAll(server: TestServer): void {
  for (const pid of processTree(server.pid)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  }
}

/** Scripts of the operator, the first of which runs for everybody. */
function settings(sink: SmtpSink, folder: string, script: string): Record<string, string> {
  writeFileSync(join(folder, 'everybody.sieve'), script);
  return {
    workers: '2',
    'plugins.outbound-mta.host': '127.0.0.1',
    'plugins.outbound-mta.port': String(sink.port),
    'plugins.sieve.globalFolder': folder,
    'plugins.sieve.defaultScript': 'everybody',
  };
}

function message(id: string, from: string): string {
  return `From: <${from}>\r\nTo: <fred@y.example>\r\nSubject: ${id}\r\nDate: Tue, 1 Apr 1997 09:06:31 -0800\r\nMessage-ID: <${id}@x.example>\r\n\r\ntext\r\n`;
}

async function deliver(port: number, id: string, from: string): Promise<string | undefined> {
  const client = await LmtpTestClient.connect(port);
  try {
    await client.hello();
    const [reply] = await client.deliver(from, ['fred@y.example'], message(id, from));
    return reply;
  } finally {
    client.destroy();
  }
}

test('fileinto, redirect, reject and vacation by LMTP', async () => {
  await using sink = await SmtpSink.start();
  await using folder = new TestServer({ manifest: '' });
  const script = `require ["fileinto", "mailbox", "reject", "vacation"];
    if header :contains "subject" "spam" { reject "we do not\r\nwant this"; stop; }
    if header "subject" "on" { redirect "bob@z.example"; stop; }
    vacation "away";
    if header "subject" "list" { fileinto :create "INBOX.lists"; }`;
  await using server = await TestServer.start({ users, set: settings(sink, folder.data, script) });
  const port = server.port('lmtp');
  assert.match((await deliver(port, 'list', 'ann@x.example'))!, /^250 /);
  assert.match((await deliver(port, 'plain', 'ben@x.example'))!, /^250 /);
  assert.match((await deliver(port, 'spam', 'ann@x.example'))!, /^550 5\.7\.1 we do not want this/);
  assert.match((await deliver(port, 'on', 'ann@x.example'))!, /^250 /);
  const client = await imapSession(server.port('imap'), 'fred', 'secret');
  assert.deepEqual(await subjects(client, 'INBOX'), ['plain']);
  assert.deepEqual(await subjects(client, 'INBOX.lists'), ['list']);
  await client.logout();
  const sent = sink.mails.map(({ sender, recipients }) => `${sender} ${recipients}`).sort();
  assert.deepEqual(sent, [' ann@x.example', ' ben@x.example', 'ann@x.example bob@z.example']);
  sink.replies.set('RCPT', '451 later');
  assert.match((await deliver(port, 'on', 'cat@x.example'))!, /^250 /, 'this id has been sent on before');
  await server.end('SIGTERM');
});

test('kill -9 in a storm: nobody is answered twice, and all that was acknowledged is there', async () => {
  await using sink = await SmtpSink.start();
  await using folder = new TestServer({ manifest: '' });
  const script = 'require "vacation"; vacation "away";';
  await using server = await TestServer.start({ users, set: settings(sink, folder.data, script) });
  const acknowledged = new Set<string>();
  let n = 0;
  for (let round = 0; round < 3; round++) {
    const port = server.port('lmtp');
    const goal = acknowledged.size + 12;
    const storm = Promise.all(
      [0, 1, 2, 3].map(async () => {
        for (;;) {
          const id = `m${n++}`;
          // Few senders, so that every message races for an answer with others.
          const reply = await deliver(port, id, `s${(n >> 2) % 20}@x.example`).catch(() => undefined);
          if (reply === undefined) return;
          assert.match(reply, /^250 /);
          acknowledged.add(id);
          if (acknowledged.size === goal) killAll(server);
        }
      }),
    );
    await storm;
    await server.end('SIGKILL');
    await server.start();
  }
  const answered = sink.mails.map(({ recipients }) => recipients.join());
  assert.ok(answered.length > 0);
  assert.equal(new Set(answered).size, answered.length, answered.join(' '));
  const client = await imapSession(server.port('imap'), 'fred', 'secret');
  const found = new Set(await subjects(client, 'INBOX'));
  for (const id of acknowledged) assert.ok(found.has(id), id);
  await client.logout();
});
