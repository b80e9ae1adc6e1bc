/** A PostgreSQL server on a free loopback port, in a folder of its own, as an ordinary user. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../support/ports.js';
import { eventually, run } from '../support/tools.js';

const versions = '/usr/lib/postgresql';

/** Debian keeps each version's programs in a folder of its own; undefined when there is none. */
function postgresqlFolder(): string | undefined {
  if (!existsSync(versions)) return undefined;
  const [newest] = readdirSync(versions).sort((a, b) => Number(b) - Number(a));
  return newest === undefined ? undefined : join(versions, newest, 'bin');
}

/** For the `skip` of a test; on CI an absent server is a failure. */
export function withoutPostgresql(): string | false {
  if (postgresqlFolder() !== undefined) return false;
  if (process.env['CI'] === 'true') throw new Error('PostgreSQL is not installed, and this is CI');
  return 'PostgreSQL is not installed';
}

export class PostgresqlServer implements AsyncDisposable {
  private readonly folder = mkdtempSync(join(tmpdir(), 'postgresql-'));
  private child: ChildProcess | undefined;

  private constructor(readonly port: number) {}

  static async start(): Promise<PostgresqlServer> {
    const server = new PostgresqlServer(await freePort());
    server.prepare();
    await server.up();
    return server;
  }

  async up(): Promise<void> {
    const { data, port, folder } = this;
    const args = [
      '-D',
      data,
      '-p',
      `${port}`,
      '-k',
      folder,
      '-c',
      'listen_addresses=127.0.0.1',
      '-c',
      'fsync=off',
    ];
    const [program, ...rest] = asOrdinaryUser(join(postgresqlFolder()!, 'postgres'), args);
    const child = spawn(program!, rest, { stdio: 'ignore', cwd: folder });
    this.child = child;
    await eventually(async () => {
      if (child.exitCode !== null) throw new Error(`postgres ended with ${child.exitCode}`);
      return (await this.psql('SELECT 1', 'postgres')).code === 0 || undefined;
    });
  }

  async down(): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    execFileSync(
      ...command(
        asOrdinaryUser(join(postgresqlFolder()!, 'pg_ctl'), ['-D', this.data, '-m', 'immediate', 'stop']),
      ),
      {
        stdio: 'ignore',
        cwd: this.folder,
      },
    );
    await ended;
  }

  /** @throws Error with what the server said. */
  async execute(sql: string): Promise<void> {
    const { code, output } = await this.psql(sql, 'postgres');
    if (code !== 0) throw new Error(output);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.down();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private get data(): string {
    return join(this.folder, 'data');
  }

  private psql(sql: string, database: string) {
    const args = [
      '-h',
      '127.0.0.1',
      '-p',
      `${this.port}`,
      '-U',
      'owner',
      '-v',
      'ON_ERROR_STOP=1',
      '-qc',
      sql,
      database,
    ];
    return run(join(postgresqlFolder()!, 'psql'), args, { env: { ...process.env, PGPASSWORD: 'owner' } });
  }

  private prepare(): void {
    const passwords = join(this.folder, 'password');
    writeFileSync(passwords, 'owner\n');
    if (process.getuid?.() === 0) execFileSync('chown', ['-R', 'postgres', this.folder]);
    chmodSync(this.folder, 0o755);
    const args = [
      '-D',
      this.data,
      '-U',
      'owner',
      '--pwfile',
      passwords,
      '-A',
      'scram-sha-256',
      '-E',
      'UTF8',
      '--no-locale',
      '-N',
    ];
    execFileSync(...command(asOrdinaryUser(join(postgresqlFolder()!, 'initdb'), args)), {
      stdio: 'pipe',
      cwd: this.folder,
    });
  }
}

/** PostgreSQL refuses to run as root. */
function asOrdinaryUser(program: string, args: readonly string[]): string[] {
  return process.getuid?.() === 0
    ? ['runuser', '-u', 'postgres', '--', program, ...args]
    : [program, ...args];
}

function command([program = '', ...args]: readonly string[]): [string, string[]] {
  return [program, args];
}
