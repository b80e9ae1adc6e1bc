import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { describe, it, type TestContext } from 'node:test';
import { assertGolden } from '../test-support/golden.js';
import { makeWorkspace, type Workspace, type WorkspacePlugin } from '../test-support/workspace.js';
import { runShell } from './shell.js';

const entry = join(import.meta.dirname, '..', '..', 'bin', 'angarium.mjs');

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function angarium(
  workspace: Workspace,
  args: readonly string[],
  options: { stdin?: string } = {},
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, ANGARIUM_DATA: '', LOG: '', NO_COLOR: '1' };
    const child = spawn(process.execPath, [entry, ...args], { cwd: workspace.dir, env });
    const texts = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk: Buffer) => (texts.stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (texts.stderr += chunk.toString()));
    child.on('error', reject).on('close', (status) => resolve({ status, ...texts }));
    child.stdin.end(options.stdin ?? '');
  });
}

/** The same without a process of its own, for the many small cases. */
async function inProcess(workspace: Workspace, args: readonly string[]): Promise<Outcome> {
  const texts = { stdout: '', stderr: '' };
  const stream = (name: keyof typeof texts) =>
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        texts[name] += chunk.toString();
        done();
      },
    });
  const status = await runShell({
    argv: args,
    env: {},
    cwd: workspace.dir,
    stdin: Readable.from([]),
    stdout: stream('stdout'),
    stderr: stream('stderr'),
  });
  return { status, ...texts };
}

/** Notes its life in the data folder, brings two commands. */
const counter: WorkspacePlugin = {
  name: 'counter',
  angarium: {
    requires: ['ledger@1'],
    optional: ['extra@1'],
    permissions: ['files'],
    commands: [
      { name: 'count', summary: 'count words' },
      { name: 'count fail', summary: 'fail on purpose' },
      { name: 'count ask', summary: 'ask for a secret' },
    ],
  },
  schema: {
    type: 'object',
    properties: { step: { type: 'integer', default: 1, description: 'How far each word counts.' } },
    additionalProperties: false,
  },
  code: `
    import { appendFileSync } from 'node:fs';
    import { COMMANDS, CommandError, Component, CONFIG, HOST, contract, definePlugin, inject, injectable, part } from '@angarium/sdk';
    class Commands extends Component {
      constructor(config, host, commands) { super(); Object.assign(this, { config, host, commands }); }
      start() {
        appendFileSync(this.host.dataDir + '/life', 'start counter ' + this.host.role + '\\n');
        this.host.announce('counter is ready');
        this.own(this.commands.add(
          { name: 'count', summary: 'count words', arguments: [{ name: '[words...]', summary: 'words' }],
            options: [{ flags: '--times <n>', summary: 'so many times', defaultValue: '1' }],
            run: async ({ args, options }) => ({ count: args[0].length * options.times * this.config.step }),
            text: ({ count }) => count + ' words' },
          { name: 'count fail', summary: 'x', run: async () => { throw new CommandError('on purpose'); }, text: () => '' },
          { name: 'count ask', summary: 'x', run: (context) => context.askSecret('Password'), text: () => '' },
        ));
      }
      stop() { appendFileSync(this.host.dataDir + '/life', 'stop counter\\n'); }
    }
    [CONFIG, HOST, COMMANDS].forEach((token, index) => inject(token)(Commands, undefined, index));
    injectable()(Commands);
    export default definePlugin({ parts: [part(Commands)] });
  `,
};

const ledger: WorkspacePlugin = {
  name: 'ledger',
  angarium: { provides: ['ledger@1'] },
  code: `
    import { contract, definePlugin, provide } from '@angarium/sdk';
    export default definePlugin({ provides: [provide(contract('ledger', 1), class Ledger {})] });
  `,
};

/** Its code must not be loaded when nobody needs it. */
const bystander: WorkspacePlugin = { name: 'bystander', code: "throw new Error('loaded');" };

const manifest = '# what we run\nplugins:\n  counter: {} # the counter\n  ledger:\n  bystander:\n';

function workspace(test: TestContext, text = manifest): Workspace {
  return makeWorkspace(test, text, [counter, ledger, bystander]);
}

describe('angarium', () => {
  it('without a command shows help, which names plugins’ commands without loading them; status 2', async (test) => {
    const place = workspace(test);
    const { status, stdout } = await angarium(place, []);
    assert.equal(status, 2);
    assert.match(stdout, /^ {2}count +count words \(counter\)$/m);
    assert.equal((await angarium(place, ['--help'])).status, 0);
    assert.match((await angarium(place, ['--version'])).stdout, /^\d+\.\d+\.\d+$/m);
    assert.equal(existsSync(place.path('data')), false);
  });

  it('knows no command of a plugin that is disabled', async (test) => {
    const place = workspace(test, 'plugins:\n  ledger:\n');
    assert.doesNotMatch((await angarium(place, ['--help'])).stdout, /count/);
    const { status, stderr } = await angarium(place, ['count', 'a']);
    assert.deepEqual([status, stderr], [2, "error: unknown command 'count'\n"]);
  });

  it('suggests the nearest command; wrong usage is status 2', async (test) => {
    const place = workspace(test);
    const wrong: [string[], RegExp][] = [
      [['chekc'], /unknown command 'chekc'\n\(Did you mean check\?\)/],
      [['plugins', 'lst'], /unknown command 'lst'\n\(Did you mean list\?\)/],
      [['check', '--jsn'], /unknown option '--jsn'\n\(Did you mean --json\?\)|unknown option '--jsn'/],
      [['check', 'superfluous'], /too many arguments/],
      [['plugins', 'info'], /missing required argument 'name'/],
      [['check', '--log', 'jsno'], /--log: "jsno" is not one of auto, pretty, json, did you mean "json"\?/],
      [['check', '--set'], /--set needs a value/],
    ];
    const { status: exitStatus } = await angarium(place, ['chekc']);
    assert.equal(exitStatus, 2);
    for (const [args, expected] of wrong) {
      const { status, stderr, stdout } = await inProcess(place, args);
      assert.deepEqual([args, status, stdout], [args, 2, '']);
      assert.match(stderr, expected);
    }
  });

  it('runs a plugin’s command with the plugins it needs only, in role command', async (test) => {
    const place = workspace(test);
    const { status, stdout, stderr } = await angarium(place, ['count', 'a', 'b', '--times', '3']);
    assert.deepEqual(
      { status, stdout, stderr },
      { status: 0, stdout: '6 words\n', stderr: 'counter is ready\n' },
    );
    assert.equal(readFileSync(place.path('data', 'life'), 'utf8'), 'start counter command\nstop counter\n');
    const json = await angarium(place, [
      'count',
      '--json',
      'a',
      '--set',
      'plugins.counter.step=5',
      '--data',
      'other',
    ]);
    assert.deepEqual(JSON.parse(json.stdout), { count: 5 });
    assert.ok(existsSync(place.path('other', 'life')));
  });

  it('shows the help of a plugin’s command', async (test) => {
    const { status, stdout } = await angarium(workspace(test), ['count', '--help']);
    assert.equal(status, 0);
    assert.match(stdout, /^Usage: angarium count \[options\] \[words\.\.\.\]$/m);
    assert.match(stdout, /--times <n> +so many times \(default: "1"\)/);
    assert.match(stdout, /Options of every command:/);
  });

  it('a command that fails is status 1, with its sentence; nothing is asked without a terminal', async (test) => {
    const place = workspace(test);
    const failed = await angarium(place, ['count', 'fail']);
    assert.deepEqual([failed.status, failed.stdout], [1, '']);
    assert.match(failed.stderr, /^angarium: on purpose$/m);
    const json = await angarium(place, ['count', 'fail', '--json']);
    assert.deepEqual(JSON.parse(json.stderr.split('\n').at(-2)!), { error: { message: 'on purpose' } });
    const asked = await angarium(place, ['count', 'ask']);
    assert.equal(asked.status, 2);
    assert.match(asked.stderr, /stdin is not a terminal/);
    assert.equal((await angarium(place, ['count', '--wrong'])).status, 2);
  });

  it('check: shows who needs whom in start order', async (test) => {
    const place = workspace(test, 'plugins:\n  counter:\n  ledger:\n');
    const { status, stdout } = await angarium(place, ['check']);
    assert.equal(status, 0, stdout);
    assertGolden(
      import.meta.dirname,
      'check',
      stdout.replaceAll(place.dir, '…').replace(/ +\d+\.\d ms/g, '  0.0 ms'),
    );
    const json = JSON.parse((await angarium(place, ['check', '--json'])).stdout);
    assert.equal(json.ok, true);
    assert.deepEqual(
      json.plugins.map(({ name, needs }: { name: string; needs: unknown }) => [name, needs]),
      [
        ['ledger', []],
        ['counter', [{ contract: 'ledger@1', optional: false, plugin: 'ledger' }]],
      ],
    );
    assert.equal(existsSync(place.path('data')), false);
  });

  it('check: tells of faults, also of code, with status 1', async (test) => {
    const place = workspace(test, 'worker: 1\nplugins:\n');
    const { status, stdout } = await inProcess(place, ['check']);
    assert.deepEqual(
      [status, stdout],
      [1, 'angarium.yaml:1:1: unknown option "worker" — did you mean "workers"?\n1 problem\n'],
    );
    const { problems } = JSON.parse((await inProcess(place, ['check', '--json'])).stdout);
    assert.deepEqual([problems[0].file, problems[0].line], ['angarium.yaml', 1]);
    const code = await inProcess(workspace(test, 'plugins:\n  bystander:\n'), ['check']);
    assert.deepEqual(
      [code.status, code.stdout],
      [1, 'plugin bystander: its code cannot be loaded: loaded\n1 problem\n'],
    );
    const none = await inProcess(place, ['-c', 'none.yaml', 'check']);
    assert.deepEqual(
      [none.status, none.stdout.split('\n')[0]],
      [1, 'none.yaml: there is no such file — name the manifest with -c FILE'],
    );
  });

  it('init: makes the data folder and starts every plugin once', async (test) => {
    const place = workspace(test, 'plugins:\n  counter:\n  ledger:\n');
    const { status, stdout, stderr } = await angarium(place, ['init', '--json']);
    assert.equal(status, 0, stderr);
    const { created, plugins, announcements } = JSON.parse(stdout);
    assert.deepEqual([created, plugins], [true, ['ledger', 'counter']]);
    assert.ok(announcements.includes('counter is ready'));
    assert.ok(existsSync(place.path('data', 'run')));
    assert.equal(readFileSync(place.path('data', 'life'), 'utf8'), 'start counter command\nstop counter\n');
  });

  it('plugins list, info', async (test) => {
    const place = workspace(test, 'plugins:\n  ledger:\n');
    const list = JSON.parse((await inProcess(place, ['plugins', 'list', '--json'])).stdout) as {
      name: string;
      enabled: boolean;
    }[];
    assert.deepEqual(list[0], {
      name: 'ledger',
      package: '@angarium/plugin-ledger',
      version: '1.2.3',
      enabled: true,
      description: 'the ledger plugin',
    });
    assert.equal(list.find(({ name }) => name === 'counter')?.enabled, false);
    const info = await inProcess(place, ['plugins', 'info', 'counter']);
    assertGolden(import.meta.dirname, 'plugins-info', info.stdout.replaceAll(place.dir, '…'));
    const unknown = await inProcess(place, ['plugins', 'info', 'conter']);
    assert.deepEqual(
      [unknown.status, unknown.stderr],
      [1, 'angarium: no plugin conter is installed, did you mean counter?\n'],
    );
  });

  it('plugins add and remove keep comments and everything else', async (test) => {
    const text = '# ours\ndata: ./d # here\nplugins:\n  # the ledger\n  ledger: {}\n\nlog: { level: warn }\n';
    const place = workspace(test, text);
    const added = await inProcess(place, ['plugins', 'add', 'counter']);
    assert.deepEqual(
      [added.status, added.stdout],
      [0, 'counter is enabled from the next start or reload on\n'],
    );
    const changed = readFileSync(place.manifest, 'utf8');
    assert.equal(changed, text.replace('ledger: {}\n', 'ledger: {}\n  counter: {}\n'));
    assert.match(
      (await inProcess(place, ['plugins', 'add', '@angarium/plugin-counter'])).stdout,
      /was enabled already/,
    );
    const removed = await inProcess(place, ['plugins', 'remove', 'ledger']);
    assert.match(removed.stdout, /plugin counter requires ledger@1, which no enabled plugin provides/);
    assert.equal(removed.status, 0);
    await inProcess(place, ['plugins', 'remove', 'counter']);
    assert.match((await inProcess(place, ['plugins', 'list'])).stdout, /ledger +1\.2\.3 +–/);
    const missing = await inProcess(place, ['plugins', 'add', 'nowhere']);
    assert.deepEqual([missing.status, missing.stdout], [1, '']);
    writeFileSync(place.manifest, 'plugins: [\n');
    assert.equal((await inProcess(place, ['plugins', 'add', 'ledger'])).status, 1);
  });

  it('takes a plugin’s option that collides with a global one as the plugin’s mistake', async (test) => {
    const code = counter.code!.replace('--times <n>', '--data <n>');
    const place = makeWorkspace(test, manifest, [{ ...counter, code }, ledger, bystander]);
    const { status, stderr } = await inProcess(place, ['count', 'a']);
    assert.equal(status, 1);
    assert.match(stderr, /command "count": the option --data is every command's/);
  });
});
