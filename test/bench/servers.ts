/** The servers under test: ours, and the peers when their start scripts are at hand. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { MANAGED_ACCOUNTS, userId } from '@angarium/sdk';
import { createTestKernel } from '@angarium/testing';
import { freePorts, root, TestServer } from '../support/server.js';
import { inParallel } from './load.js';

export interface BenchServer {
  readonly name: string;
  /** Root of the process tree. */
  readonly pid: number;
  readonly imapPort: number;
  /** TLS from the first octet. */
  readonly imapsPort: number;
  readonly lmtpPort: number;
  readonly pop3Port: number;
  /** The n-th user, from 1. */
  user(n: number): string;
  readonly password: string;
  /** Sees to it that there are at least so many users. */
  haveUsers(count: number): Promise<void>;
  stop(): Promise<void>;
}

const userName = (n: number) => `user${String(n).padStart(4, '0')}`;

const limits = {
  limits: '{"connections":50000,"perAddress":50000}',
  // CRAM-MD5 is measured too.
  'plugins.accounts-local.plainSecrets': 'true',
};

export function startAngarium(users: number): Promise<BenchServer> {
  return startOurs('angarium', new TestServer({ set: limits }), users);
}

/** Every user and the domain have quotas that nobody reaches: what does it cost to look? */
export function startWithQuotas(users: number): Promise<BenchServer> {
  const quotas = {
    'plugins.quota.user': '{"storage":"100GB","messages":10000000,"mailboxes":1000}',
  };
  return startOurs('angarium-quotas', new TestServer({ set: { ...limits, ...quotas } }), users);
}

/** Bodies are compressed, and encrypted or not: what does it cost, and what does it save? */
export function startWithCodec(name: string, isEncrypted: boolean, users: number): Promise<BenchServer> {
  // No secret: the mail is made up.
  process.env['ANGARIUM_BENCH_KEY'] = '0b'.repeat(32);
  const keys = isEncrypted ? ['env:ANGARIUM_BENCH_KEY'] : [];
  const partition = JSON.stringify({ path: 'packs', compression: 'zstd', keys });
  const set = { ...limits, 'plugins.store-sqlite.partitions.default': partition };
  return startOurs(name, new TestServer({ set }), users);
}

/** The same without the plugin. */
export function startWithoutQuotas(users: number): Promise<BenchServer> {
  const text = readFileSync(join(root, 'angarium.yaml'), 'utf8');
  const manifest = text.replace(/^ {2}quota: .*\n/m, '');
  if (manifest === text) throw new Error('the manifest has no plugin quota');
  return startOurs(
    'angarium-no-quota',
    new TestServer({ manifest, set: { ...freePorts, ...limits } }),
    users,
  );
}

async function startOurs(name: string, server: TestServer, users: number): Promise<BenchServer> {
  await addUsers(server.data, 1, users);
  await server.start();
  let known = users;
  return {
    name,
    pid: server.pid,
    imapPort: server.port('imap'),
    imapsPort: server.port('imap', 1),
    lmtpPort: server.port('lmtp'),
    pop3Port: server.port('pop3'),
    user: userName,
    password: 'pass',
    async haveUsers(count) {
      if (count <= known) return;
      await addUsers(server.data, known + 1, count);
      known = count;
    },
    stop: () => server[Symbol.asyncDispose](),
  };
}

/** In one process, since two hundred starts of the CLI take longer than the bench. The first comes with an administrator. */
async function addUsers(dataDir: string, from: number, to: number): Promise<void> {
  await using kernel = await createTestKernel({
    plugins: ['authentication', { name: 'accounts-local', config: { plainSecrets: true } }],
    dataDir,
    host: { role: 'command' },
  });
  const accounts = kernel.get(MANAGED_ACCOUNTS);
  const names = Array.from({ length: to - from + 1 }, (_, i) => userId(userName(from + i)));
  if (from === 1) await accounts.create(userId('admin'), { password: 'pass' });
  await inParallel(
    names.length,
    4,
    async (n) => void (await accounts.create(names[n]!, { password: 'pass' })),
  );
}

const mechanisms = {
  cyrus: 'PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256 SCRAM-SHA-512',
  dovecot: 'PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256',
};

/**
 * Dovecot with SHA512-CRYPT hashes (5000 rounds, as `openssl passwd -6` makes them) where its script writes passwords as they are.
 * Cyrus's sasldb knows no hashes; it would ask saslauthd, and then PLAIN and LOGIN are all it can do.
 */
export function startHashedDovecot(users: number): BenchServer | undefined {
  const server = startPeer('dovecot', users);
  if (server === undefined) return undefined;
  const hash = execFileSync('openssl', ['passwd', '-6', server.password], { encoding: 'utf8' }).trim();
  const rewrite = () => {
    const file = join(server.dataDir, 'users.passwd');
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replaceAll(`{PLAIN}${server.password}:`, `{SHA512-CRYPT}${hash}:`));
  };
  rewrite();
  return {
    ...server,
    name: 'dovecot-sha512-crypt',
    async haveUsers(count) {
      await server.haveUsers(count);
      rewrite();
    },
  };
}

/**
 * A peer behind a script that knows `start USERS`, `env PREFIX` and `stop` (ANGARIUM_PEERS names the folder).
 * Undefined when there is no such script.
 */
export function startPeer(
  name: 'cyrus' | 'dovecot',
  users: number,
): (BenchServer & { readonly dataDir: string }) | undefined {
  const script = peerScript(name);
  if (script === undefined) return undefined;
  const environment = {
    ...process.env,
    MAXCHILD: '6000',
    SASL_MECHS: mechanisms[name],
  };
  const start = (count: number) =>
    execFileSync(script, ['start', String(count)], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: environment,
    });
  // A run that was broken off may have left its mail there.
  for (const command of ['stop', 'reset'])
    execFileSync(script, [command], { stdio: 'ignore', env: environment });
  start(users);
  const settings = new Map(
    execFileSync(script, ['env'], { encoding: 'utf8', env: environment })
      .split('\n')
      .map((line): [string, string] => {
        const [, key = '', value = ''] = /^(?:export )?(\w+)=(.*)$/.exec(line) ?? [];
        return [key, value.replace(/^['"]|['"]$/g, '')];
      }),
  );
  const text = (key: string) => settings.get(key) ?? '';
  return {
    name,
    pid: Number(readFileSync(text('PIDFILE'), 'utf8').trim()),
    dataDir: text('DATA_DIR'),
    imapPort: Number(text('IMAP_PORT')),
    imapsPort: Number(text('IMAPS_PORT')),
    lmtpPort: Number(text('LMTP_PORT')),
    pop3Port: Number(text('POP3_PORT')),
    user: userName,
    password: text('PASSWORD'),
    async haveUsers(count) {
      start(count);
    },
    async stop() {
      execFileSync(script, ['stop'], { stdio: 'ignore', env: environment });
      execFileSync(script, ['reset'], { stdio: 'ignore', env: environment });
    },
  };
}

function peerScript(name: string): string | undefined {
  const named = process.env['ANGARIUM_PEERS'];
  if (named !== undefined) return [join(named, `${name}.sh`)].find(existsSync);
  for (let folder = root; dirname(folder) !== folder; folder = dirname(folder)) {
    const script = join(folder, 'shared', 'peers', `${name}.sh`);
    if (existsSync(script)) return script;
  }
  return undefined;
}
