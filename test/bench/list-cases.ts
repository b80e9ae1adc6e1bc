/** The mailbox list at scale: an administrator's whole list, what a user may see of it, and rights that change. */
import type { BenchCase, Scale } from './cases.js';
import { inParallel, LoadClient } from './load.js';
import type { BenchServer } from './servers.js';

const SESSIONS = 8;
const WINDOW = 200;
/** Cyrus makes less than a hundred mailboxes a second; a tenth of ours tells what a name costs it. */
const MOST_OF_A_PEER = 10_000;
const PER_PARENT = 100;
/** Not Dovecot, which has no administrators of this kind. */
const servers = ['angarium', 'cyrus'];

const mailboxes = (server: BenchServer, scale: Scale) =>
  server.name === 'angarium' ? scale.mailboxes : Math.min(scale.mailboxes, MOST_OF_A_PEER);
const granted = (server: BenchServer, scale: Scale) => Math.min(1000, mailboxes(server, scale) / 10);
const nameOf = (n: number) => `bench.d${Math.floor(n / PER_PARENT)}.m${n % PER_PARENT}`;

async function login(server: BenchServer, user: string): Promise<LoadClient> {
  const client = await LoadClient.connect(server.imapPort);
  await client.until('* OK');
  await client.command('l', `LOGIN ${user} ${server.password}`);
  return client;
}

async function pipelined(client: LoadClient, commands: readonly string[]): Promise<void> {
  for (let from = 0; from < commands.length; from += WINDOW) {
    const some = commands.slice(from, from + WINDOW);
    client.send(some.map((command, i) => `p${i} ${command}\r\n`).join(''));
    const { tagged } = await client.drainUntil(`p${some.length - 1}`);
    if (!tagged.includes(' OK')) throw new Error(`${some.at(-1)}: ${tagged}`);
  }
}

const filled = new WeakMap<BenchServer, Promise<void>>();

/** Once a server: mailboxes that nobody sees, but the first user some of them. */
function fill(server: BenchServer, scale: Scale): Promise<void> {
  const known = filled.get(server) ?? fillNow(server, mailboxes(server, scale), granted(server, scale));
  filled.set(server, known);
  return known;
}

async function fillNow(server: BenchServer, count: number, grants: number): Promise<void> {
  const admin = await login(server, 'admin');
  await pipelined(admin, ['CREATE bench', 'SETACL bench anyone ""']);
  const parents = Math.ceil(count / PER_PARENT);
  await inParallel(SESSIONS, SESSIONS, async (session) => {
    const client = await login(server, 'admin');
    const names: string[] = [];
    for (let parent = session; parent < parents; parent += SESSIONS) {
      const last = Math.min(count, (parent + 1) * PER_PARENT);
      for (let n = parent * PER_PARENT; n < last; n++) names.push(`CREATE ${nameOf(n)}`);
    }
    await pipelined(client, names);
    client.end();
  });
  const step = Math.floor(count / grants);
  const names = Array.from({ length: grants }, (_, i) => nameOf(i * step));
  await pipelined(
    admin,
    names.map((name) => `SETACL ${name} ${server.user(1)} lrs`),
  );
  admin.end();
}

async function countListed(client: LoadClient): Promise<number> {
  client.send('a LIST "" bench.*\r\n');
  const { untagged, tagged } = await client.drainUntil('a');
  if (!tagged.startsWith('a OK')) throw new Error(`LIST: ${tagged}`);
  return untagged;
}

export const listCases: readonly BenchCase[] = [
  {
    name: 'LIST of an administrator, 100,000 mailboxes',
    unit: 'names/s',
    servers,
    standsAlone: true,
    prepare: fill,
    async run(server, scale) {
      const client = await login(server, 'admin');
      const count = mailboxes(server, scale);
      const expected = count + Math.ceil(count / PER_PARENT);
      const rounds = 5;
      for (let round = 0; round < rounds; round++) {
        const listed = await countListed(client);
        if (listed !== expected) throw new Error(`${listed} names`);
      }
      client.end();
      return rounds * expected;
    },
  },
  {
    name: 'LIST of a user who has rights on 1,000 of them',
    unit: 'lists/s',
    servers,
    standsAlone: true,
    prepare: fill,
    async run(server, scale) {
      const client = await login(server, server.user(1));
      const rounds = 20;
      for (let round = 0; round < rounds; round++) {
        const listed = await countListed(client);
        if (listed !== granted(server, scale)) throw new Error(`${listed} names`);
      }
      client.end();
      return rounds;
    },
  },
  {
    name: 'SETACL, and the next LIST of the other session shows it',
    unit: 'changes/s',
    servers,
    standsAlone: true,
    prepare: fill,
    async run(server, scale) {
      const [admin, user] = [await login(server, 'admin'), await login(server, server.user(2))];
      const rounds = 50;
      for (let round = 0; round < rounds; round++) {
        const name = nameOf(round % mailboxes(server, scale));
        for (const [rights, expected] of [
          ['lrs', 1],
          ['""', 0],
        ] as const) {
          await admin.command('s', `SETACL ${name} ${server.user(2)} ${rights}`);
          const listed = await countListed(user);
          if (listed !== expected) throw new Error(`${listed} names after ${rights} on ${name}`);
        }
      }
      admin.end();
      user.end();
      return 2 * rounds;
    },
  },
];
