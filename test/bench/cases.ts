/** What is measured. Each case prepares, runs, and checks every answer; a wrong one ends the bench. */

import { mixedMessage, plainMessage } from '../support/mail.js';
import { memoryBytes, writtenBytes } from '../support/processes.js';
import { inParallel, LoadClient } from './load.js';
import { greet } from './login-client.js';
import type { BenchServer } from './servers.js';
import { stallOf } from './stall.js';

export interface BenchCase {
  readonly name: string;
  /** What `amount` counts. */
  readonly unit: string;
  /** Runs once before `run` is timed. */
  prepare?(server: BenchServer, scale: Scale): Promise<void>;
  /** Answers the amount of work done. */
  run(server: BenchServer, scale: Scale): Promise<number>;
  /** Servers that can do it; default all. */
  readonly servers?: readonly string[];
  /** No other case needs what its `prepare` makes. */
  readonly standsAlone?: boolean;
  /** A figure instead of a rate, answered by `run`: less is better. */
  figure?: 'bytes each' | 'KB written' | 'ms' | 'MB';
  /** It takes so long that one run has to do. */
  readonly once?: boolean;
}

/** How much of everything: 1 is the full bench, CI takes a fraction. */
export interface Scale {
  readonly users: number;
  readonly deliveries: number;
  readonly sessions: number;
  readonly mailbox: number;
  readonly bodies: number;
  readonly stores: number;
  readonly idle: number;
  readonly mailboxes: number;
  /** Of the login storm; three thousand users have a share in it. */
  readonly logins: number;
  readonly stormUsers: number;
}

export const fullScale: Scale = {
  users: 200,
  deliveries: 4000,
  sessions: 1000,
  mailbox: 50_000,
  bodies: 2000,
  stores: 2000,
  idle: 5000,
  mailboxes: 100_000,
  logins: 250_000,
  stormUsers: 3000,
};

export function scaled(factor: number): Scale {
  return Object.fromEntries(
    Object.entries(fullScale).map(([key, value]) => [
      key,
      Math.max(key === 'users' ? 40 : 10, Math.round(value * factor)),
    ]),
  ) as unknown as Scale;
}

/** The big mailbox is the INBOX of the last user but one, the one with bodies that of the last. */
export const bigUser = (scale: Scale) => scale.users - 1;
const bodyUser = (scale: Scale) => scale.users;

let serial = 0;

async function lmtpSession(server: BenchServer): Promise<LoadClient> {
  const client = await LoadClient.connect(server.lmtpPort);
  await client.until('220 ');
  client.send('LHLO bench.example\r\n');
  await client.until('250 ');
  return client;
}

async function deliver(client: LoadClient, recipient: string, message: string): Promise<void> {
  client.send(`MAIL FROM:<sender@example.org>\r\nRCPT TO:<${recipient}>\r\nDATA\r\n`);
  await client.until('354 ');
  client.send(`${message}.\r\n`);
  const answer = await client.until('');
  if (!answer.startsWith('250 ')) throw new Error(`not delivered to ${recipient}: ${answer}`);
}

export async function login(server: BenchServer, user: number): Promise<LoadClient> {
  const client = await LoadClient.connect(server.imapPort);
  await greet(client);
  await client.command('l', `LOGIN ${server.user(user)} ${server.password}`);
  return client;
}

/** Servers that have run for a while are compared: a fresh process still compiles its code. */
const WARM_UP_DELIVERIES = 2000;
const warm = new WeakSet<BenchServer>();

function deliveryCase(width: number): BenchCase {
  return {
    name: `durable LMTP delivery, ${width} at a time`,
    unit: 'messages/s',
    standsAlone: true,
    async prepare(server, scale) {
      if (warm.has(server)) return;
      warm.add(server);
      await deliverSideBySide(server, scale, 16, WARM_UP_DELIVERIES);
    },
    async run(server, scale) {
      const total = Math.round(scale.deliveries * Math.min(1, width / 8 + 0.1));
      await deliverSideBySide(server, scale, width, total);
      return total;
    },
  };
}

async function deliverSideBySide(server: BenchServer, { users }: Scale, width: number, total: number) {
  const clients = await Promise.all(Array.from({ length: width }, () => lmtpSession(server)));
  await inParallel(total, width, (n, worker) =>
    deliver(clients[worker]!, server.user(1 + (n % (users - 2))), plainMessage(serial++)),
  );
  for (const client of clients) client.end();
}

/** One message to many, so that what counts is a mailbox's share. */
async function deliverToMany(server: BenchServer, width: number, total: number): Promise<void> {
  const client = await lmtpSession(server);
  for (let n = 0; n < total; n++) {
    const rcpts = Array.from({ length: width }, (_, i) => `RCPT TO:<${server.user(1 + i)}>\r\n`);
    client.send(`MAIL FROM:<sender@example.org>\r\n${rcpts.join('')}DATA\r\n`);
    await client.until('354 ');
    client.send(`${plainMessage(serial++)}.\r\n`);
    for (let i = 0; i < width; i++) {
      const answer = await client.until('');
      if (!answer.startsWith('250 ')) throw new Error(`not delivered: ${answer}`);
    }
  }
  client.end();
}

/** Never more than there are users with a small mailbox. */
const fanWidth = (width: number, { users }: Scale) => Math.min(width, users - 2);

function fanOutCase(width: number): BenchCase {
  return {
    name: `one message to ${width} recipient${width === 1 ? '' : 's'}`,
    unit: 'copies/s',
    async run(server, scale) {
      const each = fanWidth(width, scale);
      const total = Math.max(3, Math.round(scale.deliveries / 8 / each));
      await deliverToMany(server, each, total);
      return total * each;
    },
  };
}

function writtenCase(width: number): BenchCase {
  return {
    name: `written to disk for a message to ${width} recipient${width === 1 ? '' : 's'}`,
    unit: 'KB',
    figure: 'KB written',
    async run(server, scale) {
      const each = fanWidth(width, scale);
      const total = Math.max(20, Math.round(scale.deliveries / 8 / each));
      const before = writtenBytes(server.pid);
      await deliverToMany(server, each, total);
      return (writtenBytes(server.pid) - before) / 1024 / total;
    },
  };
}

/** Sixteen deliver while as many readers select, list and fetch without a pause. */
const busyDeliveryCase: BenchCase = {
  name: 'durable LMTP delivery, 16 at a time, beside 16 busy readers',
  unit: 'messages/s',
  async run(server, scale) {
    let isOver = false;
    const readers = Promise.all(
      Array.from({ length: 16 }, async (_, i) => {
        const client = await login(server, 1 + (i % (scale.users - 2)));
        while (!isOver) {
          await client.command('s', 'SELECT INBOX');
          client.send('f FETCH 1:* (UID FLAGS ENVELOPE RFC822.SIZE)\r\n');
          const { tagged } = await client.drainUntil('f');
          if (!tagged.startsWith('f OK')) throw new Error(`FETCH: ${tagged}`);
        }
        client.end();
      }),
    );
    const delivering = deliveryCase(16)
      .run(server, scale)
      .finally(() => {
        isOver = true;
      });
    const [delivered] = await Promise.all([delivering, readers]);
    return delivered;
  },
};

function fetchCase(name: string, items: string): BenchCase {
  return {
    name: `FETCH 1:* (${name})`,
    unit: 'messages/s',
    async run(server, scale) {
      const client = await login(server, bigUser(scale));
      await client.command('s', 'EXAMINE INBOX');
      client.send(`f FETCH 1:* (${items})\r\n`);
      const { untagged, tagged } = await client.drainUntil('f');
      if (!tagged.startsWith('f OK') || untagged !== scale.mailbox) {
        throw new Error(`FETCH: ${untagged} of ${scale.mailbox} messages, ${tagged}`);
      }
      client.end();
      return scale.mailbox;
    },
  };
}

/** Against whoever offers the command: others answer with an error, which ends the bench. */
function longCommandCases(command: string, answer: string): BenchCase[] {
  const measure = (server: BenchServer, scale: Scale) =>
    stallOf(() => login(server, bigUser(scale)), { command, answer });
  return [
    {
      name: `${command} of the big mailbox`,
      unit: 'messages/s',
      async run(server, scale) {
        const client = await login(server, bigUser(scale));
        await client.command('s', 'EXAMINE INBOX');
        if (!(await client.command('b', command)).includes(`* ${answer}`)) throw new Error(`no ${answer}`);
        client.end();
        return scale.mailbox;
      },
    },
    {
      name: `NOOP beside ${command}, the longest`,
      unit: 'ms',
      figure: 'ms',
      run: async (server, scale) => (await measure(server, scale)).maxMs,
    },
    {
      name: `NOOP beside ${command}, 99 of 100`,
      unit: 'ms',
      figure: 'ms',
      run: async (server, scale) => (await measure(server, scale)).p99Ms,
    },
  ];
}

/** Delivers some, then COPYs the mailbox onto itself until it has `mailbox` messages. */
async function fillMailbox(server: BenchServer, scale: Scale): Promise<void> {
  const seed = Math.min(scale.mailbox, 1000);
  const clients = await Promise.all(Array.from({ length: 16 }, () => lmtpSession(server)));
  await inParallel(seed, 16, (_, worker) =>
    deliver(clients[worker]!, server.user(bigUser(scale)), plainMessage(serial++)),
  );
  for (const client of clients) client.end();
  const imap = await login(server, bigUser(scale));
  await imap.command('s', 'SELECT INBOX');
  for (let count = seed; count < scale.mailbox; ) {
    const more = Math.min(count, scale.mailbox - count, 10_000);
    await imap.command('c', `COPY 1:${more} INBOX`);
    await imap.command('n', 'NOOP');
    count += more;
  }
  imap.end();
}

function storeCase(width: number): BenchCase {
  return {
    name: `single STOREs, ${width} session${width === 1 ? '' : 's'}`,
    unit: 'commands/s',
    async run(server, { stores }) {
      const clients = await Promise.all(
        Array.from({ length: width }, async (_, i) => {
          const client = await login(server, 1 + i);
          await client.command('s', 'SELECT INBOX');
          return client;
        }),
      );
      await inParallel(stores, width, async (n, worker) => {
        const client = clients[worker]!;
        const answer = await client.command('s', `STORE 1 ${n % 2 === 0 ? '+' : '-'}FLAGS (\\Flagged)`);
        if (width === 1 && !answer.includes('* 1 FETCH')) throw new Error(`STORE: ${answer}`);
      });
      for (const client of clients) client.end();
      return stores;
    },
  };
}

export const cases: readonly BenchCase[] = [
  deliveryCase(1),
  deliveryCase(16),
  deliveryCase(64),
  deliveryCase(256),
  fanOutCase(1),
  fanOutCase(100),
  writtenCase(1),
  writtenCase(100),
  busyDeliveryCase,
  {
    name: 'LOGIN, SELECT, LOGOUT, 16 at a time',
    unit: 'sessions/s',
    // A storm of users who come again and again: everybody has logged in once before.
    async prepare(server, { users }) {
      await inParallel(users, 4, async (n) => (await login(server, n + 1)).end());
    },
    async run(server, { sessions, users }) {
      await inParallel(sessions, 16, async (n) => {
        const client = await login(server, 1 + (n % (users - 2)));
        const answer = await client.command('s', 'SELECT INBOX');
        if (!/^\* \d+ EXISTS/m.test(answer)) throw new Error(`SELECT: ${answer}`);
        await client.command('o', 'LOGOUT');
        client.end();
      });
      return sessions;
    },
  },
  { ...fetchCase('UID FLAGS', 'UID FLAGS'), prepare: fillMailbox },
  fetchCase('ENVELOPE BODYSTRUCTURE …', 'ENVELOPE BODYSTRUCTURE INTERNALDATE RFC822.SIZE'),
  ...longCommandCases('SORT (SUBJECT) UTF-8 ALL', 'SORT'),
  ...longCommandCases('THREAD REFERENCES UTF-8 ALL', 'THREAD'),
  // In no message: all of them are read.
  ...longCommandCases('SEARCH BODY "nowhere to be found"', 'SEARCH'),
  {
    name: 'bodies of 50 KB, BODY.PEEK[]',
    unit: 'MB/s',
    async prepare(server, scale) {
      const clients = await Promise.all(Array.from({ length: 8 }, () => lmtpSession(server)));
      await inParallel(scale.bodies, 8, (n, worker) =>
        deliver(clients[worker]!, server.user(bodyUser(scale)), mixedMessage(n)),
      );
      for (const client of clients) client.end();
    },
    async run(server, scale) {
      const client = await login(server, bodyUser(scale));
      await client.command('s', 'EXAMINE INBOX');
      client.send('f FETCH 1:* BODY.PEEK[]\r\n');
      const { bytes, untagged, tagged } = await client.drainUntil('f');
      if (!tagged.startsWith('f OK') || untagged !== scale.bodies)
        throw new Error(`${untagged} bodies, ${tagged}`);
      client.end();
      return bytes / 1e6;
    },
  },
  storeCase(1),
  storeCase(16),
  {
    name: 'memory of an idle IMAP connection, logged in and selected',
    unit: 'KB',
    figure: 'bytes each',
    async run(server, { idle: most, users }) {
      // A peer forks a process for each; some hundred are enough to know what one costs.
      const idle = server.name === 'angarium' ? most : Math.min(most, 500);
      const before = memoryBytes(server.pid);
      const clients: LoadClient[] = [];
      await inParallel(idle, 8, async (n) => {
        const client = await login(server, 1 + (n % (users - 2)));
        await client.command('s', 'SELECT INBOX');
        client.send('i IDLE\r\n');
        await client.until('+');
        clients.push(client);
      });
      const each = (memoryBytes(server.pid) - before) / idle;
      for (const client of clients) client.end();
      return each / 1024;
    },
  },
];
