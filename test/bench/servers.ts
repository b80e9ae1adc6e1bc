/** The servers under test: ours, and the peers when their start scripts are at hand. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface BenchServer {
  readonly name: string;
  /** Root of the process tree. */
  readonly pid: number;
  readonly imapPort: number;
  readonly lmtpPort: number;
  /** The n-th user, from 1. */
  user(n: number): string;
  readonly password: string;
  /** Version line for the table. */
  readonly version: string;
  stop(): Promise<void>;
}

/** The checkout's root. */
export const root = ((): string => {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'angarium.yaml'))) folder = dirname(folder);
  return folder;
})();

const angarium = join(root, 'core', 'bin', 'angarium.mjs');

const userName = (n: number) => `user${String(n).padStart(4, '0')}`;

export async function startAngarium(users: number): Promise<BenchServer> {
  const data = mkdtempSync(join(tmpdir(), 'angarium-bench-'));
  const overrides = [
    ['plugins.imap.listen', '[{"address":"127.0.0.1","port":0}]'],
    ['plugins.lmtp.listen', '[{"address":"127.0.0.1","port":0}]'],
    ['limits', '{"connections":50000,"perAddress":50000}'],
  ].flatMap(([path, value]) => ['--set', `${path}=${value}`]);
  const base = [angarium, '-c', join(root, 'angarium.yaml'), '--data', data];
  for (let n = 1; n <= users; n++) {
    execFileSync(process.execPath, [...base, 'users', 'add', userName(n), '--password-stdin'], {
      input: 'pass\n',
    });
  }
  const child = spawn(process.execPath, [...base, ...overrides, '--log', 'json', 'serve'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await untilReady(child);
  const ports = JSON.parse(readFileSync(join(data, 'run', 'ports.json'), 'utf8')) as Record<
    string,
    { port: number }[]
  >;
  return {
    name: 'angarium',
    pid: child.pid!,
    imapPort: ports['imap']![0]!.port,
    lmtpPort: ports['lmtp']![0]!.port,
    user: userName,
    password: 'pass',
    version: `node ${process.version}`,
    async stop() {
      child.kill('SIGTERM');
      await once(child, 'exit');
      rmSync(data, { recursive: true, force: true });
    },
  };
}

async function untilReady(child: ChildProcess): Promise<void> {
  const lines = createInterface({ input: child.stdout! });
  for await (const line of lines) {
    if (!line.includes('"msg":"ready"') && line !== 'angarium ready') continue;
    child.stdout!.resume();
    return;
  }
  throw new Error('the server ended before it was ready');
}

/**
 * A peer behind a script that knows `start USERS`, `env PREFIX` and `stop` (ANGARIUM_PEERS names the folder).
 * Undefined when there is no such script.
 */
export function startPeer(name: 'cyrus' | 'dovecot', users: number): BenchServer | undefined {
  const script = peerScript(name);
  if (script === undefined) return undefined;
  const environment = { ...process.env, MAXCHILD: '6000' };
  execFileSync(script, ['start', String(users)], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: environment,
  });
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
    imapPort: Number(text('IMAP_PORT')),
    lmtpPort: Number(text('LMTP_PORT')),
    user: userName,
    password: text('PASSWORD'),
    version: name,
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
