/** `angarium serve` as an operator starts it, on free loopback ports and a folder of its own. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** The checkout's root. */
export const root = ((): string => {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'angarium.yaml'))) folder = dirname(folder);
  return folder;
})();

const angarium = join(root, 'core', 'bin', 'angarium.mjs');

/** Free ports for every service of the repository's manifest. */
export const freePorts = {
  'plugins.imap.listen':
    '[{"address":"127.0.0.1","port":0},{"address":"127.0.0.1","port":0,"tls":"implicit"}]',
  'plugins.pop3.listen':
    '[{"address":"127.0.0.1","port":0},{"address":"127.0.0.1","port":0,"tls":"implicit"}]',
  'plugins.managesieve.listen': '[{"address":"127.0.0.1","port":0}]',
  'plugins.nntp.listen':
    '[{"address":"127.0.0.1","port":0},{"address":"127.0.0.1","port":0,"tls":"implicit"}]',
  'plugins.lmtp.listen': '[{"address":"127.0.0.1","port":0},{"path":"run/lmtp.sock","mode":"0666"}]',
};

export interface ServerOptions {
  /** The manifest's text; default: the repository's angarium.yaml on free ports. */
  readonly manifest?: string;
  /** More `--set PATH=VALUE`. */
  readonly set?: Readonly<Record<string, string>>;
  /** user → password. */
  readonly users?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Default: a temporary folder; it is removed in the end either way. */
  readonly data?: string;
}

export interface Port {
  readonly address?: string;
  readonly port?: number;
  readonly path?: string;
}

export class TestServer implements AsyncDisposable {
  readonly data: string;
  readonly manifestFile: string;
  /** What it has printed so far, both streams. */
  output = '';
  private child: ChildProcess | undefined;
  private readonly settings: Record<string, string>;

  constructor(private readonly options: ServerOptions = {}) {
    this.data = options.data ?? mkdtempSync(join(tmpdir(), 'angarium-test-'));
    this.manifestFile =
      options.manifest === undefined ? join(root, 'angarium.yaml') : join(this.data, 'angarium.yaml');
    if (options.manifest !== undefined) writeFileSync(this.manifestFile, options.manifest);
    this.settings = { ...(options.manifest === undefined ? freePorts : {}), ...options.set };
    for (const [user, password] of Object.entries(options.users ?? {})) this.addUser(user, password);
  }

  /** Started and ready. */
  static async start(options: ServerOptions = {}): Promise<TestServer> {
    const server = new TestServer(options);
    await server.start();
    return server;
  }

  get pid(): number {
    return this.child!.pid!;
  }

  addUser(user: string, password: string): void {
    this.command(['users', 'add', user, '--password-stdin'], `${password}\n`);
  }

  /** Runs `angarium ARGS` on this data folder; answers stdout. @throws Error with stderr when it fails. */
  command(args: readonly string[], input = ''): string {
    return execFileSync(process.execPath, [angarium, ...this.globalOptions(), ...args], {
      input,
      encoding: 'utf8',
      env: { ...process.env, ...this.options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
      maxBuffer: 1 << 28,
    });
  }

  async start(): Promise<void> {
    const args = [angarium, ...this.globalOptions(), '--log', 'json', 'serve'];
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...this.options.env },
    });
    this.child = child;
    child.stderr.on('data', (chunk) => {
      this.output += chunk;
    });
    const lines = createInterface({ input: child.stdout });
    await new Promise<void>((resolve, reject) => {
      lines.on('line', (line) => {
        this.output += `${line}\n`;
        if (line === 'angarium ready' || line.includes('"msg":"ready"')) resolve();
      });
      child.once('exit', (code, signal) =>
        reject(new Error(`ended (${code ?? signal}) before ready:\n${this.output}`)),
      );
    });
  }

  ports(): Readonly<Record<string, readonly Port[]>> {
    return JSON.parse(readFileSync(join(this.data, 'run', 'ports.json'), 'utf8'));
  }

  port(service: string, index = 0): number {
    return this.ports()[service]![index]!.port!;
  }

  get lmtpSocket(): string {
    return join(this.data, 'run', 'lmtp.sock');
  }

  signal(signal: NodeJS.Signals): void {
    this.child!.kill(signal);
  }

  /** Sends the signal and waits for the end. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
    rmSync(this.data, { recursive: true, force: true, maxRetries: 5 });
  }

  private globalOptions(): string[] {
    const sets = Object.entries(this.settings).flatMap(([path, value]) => ['--set', `${path}=${value}`]);
    return ['-c', this.manifestFile, '--data', this.data, ...sets];
  }
}
