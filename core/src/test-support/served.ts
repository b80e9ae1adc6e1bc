/** `angarium serve` as a process of its own, with an echo plugin that can also be told to fail. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { ControlReply, ControlRequest } from '../workers/control.js';
import { askServer } from '../workers/control.js';
import type { ServerStatus } from '../workers/status.js';
import { eventually } from './sockets.js';
import { makeWorkspace, type Workspace, type WorkspacePlugin } from './workspace.js';

const entry = join(import.meta.dirname, '..', '..', 'bin', 'angarium.mjs');

const echoPlugin: WorkspacePlugin = {
  name: 'echo',
  angarium: { permissions: ['listen'], commands: [{ name: 'tell', summary: 'publish a word' }] },
  schema: {
    type: 'object',
    properties: {
      listen: { type: 'array', items: { $ref: 'angarium:listen' }, default: [] },
      greeting: { type: 'string', default: 'hello' },
      failStart: { type: 'boolean', default: false },
    },
    additionalProperties: false,
  },
  code: `
    import { appendFileSync } from 'node:fs';
    import {
      COMMANDS, Component, CONFIG, definePlugin, HOOKS, HOST, inject, injectable, MESSAGE_BUS, part, SERVICES, STATUS_SOURCES,
    } from '@angarium/sdk';

    class Echo extends Component {
      constructor(config, host, bus, services, sources, hooks, commands) {
        super();
        Object.assign(this, { config, host, bus, services, sources, hooks, commands });
      }

      start() {
        if (this.config.failStart) throw new Error('told not to start');
        this.heard = [];
        this.host.announce('echo was here');
        this.own(this.bus.subscribe('words', (word) => this.heard.push(word)));
        this.own(this.sources.add({ name: 'heard', read: () => this.heard }));
        this.own(this.commands.add({
          name: 'tell',
          summary: 'publish a word',
          arguments: [{ name: '<word>', summary: 'the word' }],
          run: async ({ args }) => this.bus.publish('words', args[0]),
          text: () => '',
        }));
        this.own(this.hooks.tap('connection.accepting', () => {}));
        this.own(this.services.add({
          name: 'echo',
          listen: this.config.listen,
          loginTimeoutMs: 60_000,
          busy: (reason) => 'BUSY ' + reason + '\\r\\n',
          accept: (connection) => this.serve(connection),
        }));
      }

      stop() {
        if (this.host.role === 'server') appendFileSync(this.host.dataDir + '/life', 'stop\\n');
      }

      async serve(connection) {
        connection.onDrain(() => {
          connection.write('BYE\\r\\n');
          void connection.close();
        });
        connection.write(this.config.greeting + ' ' + process.pid + '\\r\\n');
        for (let line; (line = await connection.readLine(1000)) !== undefined; ) {
          const [word, ...rest] = String(line).split(' ');
          connection.describe({ user: 'bob', activity: word });
          if (word === 'quit') return;
          if (word === 'throw') setImmediate(() => { throw new Error('boom'); });
          else if (word === 'hang') for (;;);
          else if (word === 'exit') process.exit(3);
          else if (word === 'leader') connection.write('leader ' + this.host.isLeader + '\\r\\n');
          else if (word === 'worker') connection.write('worker ' + this.host.workerId + '\\r\\n');
          else if (word === 'publish') {
            for (const each of rest) this.bus.publish('words', each);
            connection.write('published\\r\\n');
          } else if (word === 'heard') connection.write('heard ' + this.heard.join(',') + '\\r\\n');
          else if (word === 'starttls') {
            connection.write('go ahead\\r\\n');
            await connection.startTls();
          } else connection.write(line + '\\r\\n');
        }
      }
    }
    [CONFIG, HOST, MESSAGE_BUS, SERVICES, STATUS_SOURCES, HOOKS, COMMANDS].forEach((token, index) => inject(token)(Echo, undefined, index));
    injectable()(Echo);
    export default definePlugin({ parts: [part(Echo)] });
  `,
};

export interface ManifestOptions {
  readonly workers?: number;
  readonly greeting?: string;
  readonly failStart?: boolean;
  readonly drainSeconds?: number;
  /** More of the manifest. */
  readonly extra?: string;
}

/** TCP, TLS and a unix socket, all with free ports. */
export function manifestText(options: ManifestOptions = {}): string {
  return `
data: ./data
workers: ${options.workers ?? 2}
limits: { drainSeconds: ${options.drainSeconds ?? 5} }
log: { level: debug, format: json }
${options.extra ?? ''}
plugins:
  echo:
    greeting: ${options.greeting ?? 'hello'}
    failStart: ${options.failStart ?? false}
    listen:
      - { address: 127.0.0.1, port: 0 }
      - { address: 127.0.0.1, port: 0, tls: implicit }
      - { path: run/echo.sock, mode: "0666" }
`;
}

export class Served {
  stdout = '';
  stderr = '';
  exit: { readonly status: number | null; readonly signal: NodeJS.Signals | null } | undefined;

  constructor(
    readonly workspace: Workspace,
    readonly child: ChildProcess,
  ) {
    child.stdout?.on('data', (chunk: Buffer) => (this.stdout += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    child.on('close', (status, signal) => {
      this.exit = { status, signal };
    });
  }

  get controlPath(): string {
    return this.workspace.path('data', 'run', 'control.sock');
  }

  /** Of the plain TCP entry; changes never, whoever serves. */
  get port(): number {
    return (this.ports[0] as { port: number }).port;
  }

  get ports(): readonly ({ readonly port: number } | { readonly path: string })[] {
    return JSON.parse(readFileSync(this.workspace.path('data', 'run', 'ports.json'), 'utf8')).echo;
  }

  /** @throws Error with what it said, when it ends instead. */
  async ready(): Promise<void> {
    await eventually(() => this.exit !== undefined || this.stdout.includes('"msg":"ready"'));
    if (this.exit !== undefined) throw new Error(`it ended: ${this.stderr}`);
  }

  async ended(): Promise<{ readonly status: number | null; readonly signal: NodeJS.Signals | null }> {
    await eventually(() => this.exit !== undefined);
    return this.exit!;
  }

  async ask(request: ControlRequest): Promise<ControlReply> {
    const reply = await askServer(this.controlPath, request, 60_000);
    if (reply === undefined) throw new Error('no server');
    return reply;
  }

  async status(): Promise<ServerStatus> {
    return (await this.ask({ op: 'status' })).value as ServerStatus;
  }

  /** Resolves when the log has a line with this text. */
  async logged(text: string): Promise<void> {
    await eventually(() => this.stderr.includes(text) || this.exit !== undefined);
    if (!this.stderr.includes(text)) throw new Error(`it ended without "${text}": ${this.stderr}`);
  }

  has(...names: string[]): boolean {
    return existsSync(this.workspace.path('data', ...names));
  }
}

/** Started, not yet ready; ended with the test. */
export function startServer(
  test: TestContext,
  options: {
    readonly manifest?: string;
    readonly args?: readonly string[];
    readonly workspace?: Workspace;
  } = {},
): Served {
  const workspace =
    options.workspace ?? makeWorkspace(test, options.manifest ?? manifestText(), [echoPlugin]);
  const child = angarium(workspace, ['serve', ...(options.args ?? [])]);
  const served = new Served(workspace, child);
  test.after(async () => {
    if (served.exit === undefined) child.kill('SIGKILL');
    await served.ended();
  });
  return served;
}

/** Runs a command to its end. */
export async function runCommand(
  workspace: Workspace,
  args: readonly string[],
): Promise<{ readonly status: number | null; readonly stdout: string; readonly stderr: string }> {
  const served = new Served(workspace, angarium(workspace, args));
  const { status } = await served.ended();
  return { status, stdout: served.stdout, stderr: served.stderr };
}

function angarium(workspace: Workspace, args: readonly string[]): ChildProcess {
  const env = { ...process.env, ANGARIUM_DATA: '', LOG: '', NO_COLOR: '1' };
  return spawn(process.execPath, [entry, ...args], {
    cwd: workspace.dir,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}
