import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LineClient } from '@angarium/testing';
import { imapSession } from '../support/imap.js';
import { plainMessage } from '../support/mail.js';
import { processTree } from '../support/processes.js';
import { TestServer } from '../support/server.js';
import { eventually } from '../support/tools.js';

class Pop extends LineClient {
  /** Answers the reply to PASS. */
  async logIn(): Promise<string> {
    await this.expect(/^\+OK/);
    this.send('USER fred\r\nPASS secret\r\n');
    await this.expect(/^\+OK/);
    return this.line();
  }

  async multi(command: string): Promise<string[]> {
    this.sendLine(command);
    await this.expect(/^\+OK/);
    return (await this.until(/^\.$/)).slice(0, -1);
  }
}

async function filled(count: number): Promise<TestServer> {
  const server = await TestServer.start({ users: { fred: 'secret' }, set: { workers: '2' } });
  const client = await imapSession(server.port('imap'), 'fred', 'secret');
  for (let n = 1; n <= count; n++) await client.append('INBOX', plainMessage(n));
  await client.logout();
  return server;
}

const connect = (server: TestServer) => Pop.connect(server.port('pop3'));

test('the lock holds among workers; killed with -9, its holder gives it up at once and deletes nothing', async () => {
  await using server = await filled(3);
  const holder = await connect(server);
  assert.match(await holder.logIn(), /^\+OK/);
  holder.sendLine('DELE 1');
  await holder.expect(/^\+OK/);
  for (let i = 0; i < 4; i++) {
    const other = await connect(server);
    assert.match(await other.logIn(), /^-ERR \[IN-USE\]/);
    other.destroy();
  }
  for (const pid of processTree(server.pid)) if (pid !== server.pid) process.kill(pid, 'SIGKILL');
  await holder.end(60_000);
  const next = await eventually(async () => {
    try {
      const client = await connect(server);
      return { client, reply: await client.logIn() };
    } catch {
      // No worker yet, or one that was still on its way down.
      return undefined;
    }
  }, 60_000);
  assert.match(next.reply, /^\+OK/);
  assert.equal((await next.client.multi('LIST')).length, 3);
  next.client.destroy();
});

test('what QUIT has answered is done, whatever happens then; ids are those of before', async () => {
  await using server = await filled(4);
  const client = await connect(server);
  await client.logIn();
  const ids = (await client.multi('UIDL')).map((line) => line.split(' ')[1]);
  client.send('DELE 2\r\nDELE 3\r\nQUIT\r\n');
  for (let i = 0; i < 3; i++) await client.expect(/^\+OK/);
  const all = processTree(server.pid);
  const ended = server.end('SIGKILL');
  for (const pid of all) if (pid !== server.pid) process.kill(pid, 'SIGKILL');
  await ended;
  await server.start();
  const again = await connect(server);
  assert.match(await again.logIn(), /^\+OK/, 'a lock of the server before is nobody’s');
  const left = (await again.multi('UIDL')).map((line) => line.split(' ')[1]);
  assert.deepEqual(left, [ids[0], ids[3]]);
  again.destroy();
});
