import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';

const script = join(import.meta.dirname, '..', '..', 'bin', 'prepare.mjs');

/** A repository with a compiler and an npm that only note that they ran. */
function makeRepository(test: TestContext) {
  const dir = mkdtempSync(join(tmpdir(), 'angarium-prepare-'));
  test.after(() => rmSync(dir, { recursive: true, force: true }));
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  };
  write('package.json', '{"name":"angarium","type":"module"}');
  write('package-lock.json', '{"lockfileVersion":3}');
  write('tsconfig.json', '{"references":[{"path":"./core"}]}');
  write('tsconfig.base.json', '{}');
  write('core/src/a.ts', 'export {};');
  write('core/dist/a.js', '');
  write('core/dist/gone.test.js', 'throw new Error("an orphan ran")');
  const tools = {
    tsc: "import { appendFileSync } from 'node:fs'; appendFileSync('ran', 'tsc '); process.exit(Number(process.env.TSC_STATUS ?? 0));",
    npm: `
      import { appendFileSync, cpSync, rmSync } from 'node:fs';
      appendFileSync('ran', 'npm-' + process.argv[2] + ' ');
      rmSync('node_modules', { recursive: true, force: true });
      cpSync('installed', 'node_modules', { recursive: true, verbatimSymlinks: true });`,
  };
  write('installed/typescript/bin/tsc', tools.tsc);
  write('installed/typescript/package.json', '{"type":"module"}');
  mkdirSync(join(dir, 'installed/node/bin'), { recursive: true });
  symlinkSync(process.execPath, join(dir, 'installed/node/bin/node'));
  write('npm.mjs', tools.npm);
  mkdirSync(join(dir, 'core/bin'), { recursive: true });
  cpSync(script, join(dir, 'core/bin/prepare.mjs'));
  write('core/bin/angarium.mjs', "console.log(process.argv.slice(2).join(' ')); process.exit(7);");
  const ran = (): string => {
    const text = existsSync(join(dir, 'ran')) ? readFileSync(join(dir, 'ran'), 'utf8').trim() : '';
    rmSync(join(dir, 'ran'), { force: true });
    return text;
  };
  return { dir, write, ran };
}

function start(dir: string, args: readonly string[], env: Record<string, string> = {}): ChildProcess {
  // Inside a test, node --test would report to that test's runner.
  const { NODE_TEST_CONTEXT: _, ...inherited } = process.env;
  return spawn(process.execPath, [join(dir, 'core/bin/prepare.mjs'), ...args], {
    env: { ...inherited, npm_execpath: join(dir, 'npm.mjs'), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function outcome(child: ChildProcess): Promise<{ status: number | null; stdout: string }> {
  let stdout = '';
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.resume();
  return new Promise((resolve) => child.on('close', (status) => resolve({ status, stdout })));
}

describe('prepare', () => {
  it('installs and builds when something changed, and only then', async (test) => {
    const { dir, write, ran } = makeRepository(test);
    const angarium = async () => {
      const { status, stdout } = await outcome(start(dir, ['angarium', 'check', '--json']));
      assert.deepEqual([status, stdout], [7, 'check --json\n']);
      return ran();
    };
    assert.equal(await angarium(), 'npm-ci tsc');
    assert.equal(existsSync(join(dir, 'core/dist/gone.test.js')), false, 'what has no source is removed');
    assert.equal(await angarium(), '');
    write('core/src/b.ts', 'export {};');
    assert.equal(await angarium(), 'tsc');
    rmSync(join(dir, 'core/src/b.ts'));
    assert.equal(await angarium(), 'tsc');
    write('package-lock.json', '{"lockfileVersion":3,"x":1}');
    assert.equal(await angarium(), 'npm-ci tsc');
    rmSync(join(dir, 'core/dist'), { recursive: true });
    mkdirSync(join(dir, 'core/dist'));
    assert.equal(await angarium(), '');
  });

  it('takes an install by hand for what it is', async (test) => {
    const { dir, write, ran } = makeRepository(test);
    cpSync(join(dir, 'installed'), join(dir, 'node_modules'), { recursive: true, verbatimSymlinks: true });
    write('node_modules/.package-lock.json', '{}');
    const later = new Date(Date.now() + 60_000);
    utimesSync(join(dir, 'node_modules/.package-lock.json'), later, later);
    await outcome(start(dir, ['build']));
    assert.equal(ran(), 'tsc');
  });

  it('a build that fails runs nothing, and is tried again', async (test) => {
    const { dir, ran } = makeRepository(test);
    const failed = await outcome(start(dir, ['angarium'], { TSC_STATUS: '2' }));
    assert.deepEqual([failed.status, failed.stdout, ran()], [2, '', 'npm-ci tsc']);
    assert.equal((await outcome(start(dir, ['build']))).status, 0);
    assert.equal(ran(), 'tsc');
  });

  it('runs the tests that match a part of their source’s path or a glob', async (test) => {
    const { dir, write } = makeRepository(test);
    for (const name of ['one', 'two', 'deep/three']) {
      write(`core/src/${name}.test.ts`, '');
      write(
        `core/dist/${name}.test.js`,
        `import { appendFileSync } from 'node:fs'; appendFileSync('tests', '${name} ');`,
      );
    }
    const tests = async (...patterns: string[]) => {
      rmSync(join(dir, 'tests'), { force: true });
      const { status } = await outcome(start(dir, ['test', ...patterns]));
      const text = existsSync(join(dir, 'tests')) ? readFileSync(join(dir, 'tests'), 'utf8') : '';
      return [status, ...text.trim().split(' ').sort()];
    };
    assert.deepEqual(await tests(), [0, 'deep/three', 'one', 'two']);
    assert.deepEqual(await tests('core/src/two'), [0, 'two']);
    assert.deepEqual(await tests('core/src/**/t*'), [0, 'deep/three']);
    assert.deepEqual(await tests('nothing-like-it'), [2, '']);
  });

  it('passes signals on and answers the child’s status', async (test) => {
    const { dir, write } = makeRepository(test);
    write(
      'core/bin/angarium.mjs',
      "process.on('SIGTERM', () => process.exit(5)); setInterval(() => {}, 1000); console.log('up');",
    );
    const child = start(dir, ['start']);
    child.stdout?.once('data', () => child.kill('SIGTERM'));
    assert.equal((await outcome(child)).status, 5);
  });

  it('says how it is used', async (test) => {
    const { dir } = makeRepository(test);
    assert.equal((await outcome(start(dir, ['toString']))).status, 2);
  });
});
