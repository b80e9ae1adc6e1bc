// Runs the repository's scripts: start | test | bench | build | check | angarium.
// Needs nothing but a Node (20 or newer) and npm: installs when the lock file has changed, builds when a source has,
// then hands over to the Node that the `node` package carries. When nothing has changed it costs a walk over
// the sources. Signals go on to the child, whose exit status is returned.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism, constants } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const modules = join(root, 'node_modules');
const node = join(modules, 'node', 'bin', 'node');
const installStamp = join(modules, '.angarium-install');
const buildStamp = join(modules, '.angarium-build');

/** Folders with a tsconfig.json that is built, as the root's references list them. */
function projects() {
  const { references } = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8'));
  return references.map(({ path }) => join(root, path));
}

function say(text) {
  process.stderr.write(`${text}\n`);
}

/** Runs to its end; answers the exit status. Signals are passed on. */
function run(command, args, options = {}) {
  return new Promise((settle) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', ...options });
    // A terminal sends Ctrl-C to the child as well: passing it on would make it two.
    const pass = (signal) => {
      if (signal !== 'SIGINT' || process.stdin.isTTY !== true) child.kill(signal);
    };
    const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'];
    for (const signal of signals) process.on(signal, pass);
    const end = (status) => {
      for (const signal of signals) process.off(signal, pass);
      settle(status);
    };
    child.on('error', (error) => {
      say(`cannot run ${command}: ${error.message}`);
      end(1);
    });
    child.on('exit', (status, signal) => end(status ?? 128 + (constants.signals[signal] ?? 0)));
  });
}

function readStamp(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

/** `npm ci`, when the lock file is not the one that was installed. */
async function install() {
  const lock = readFileSync(join(root, 'package-lock.json'));
  const wanted = `${createHash('sha256').update(lock).digest('hex')} ${process.platform}-${process.arch}`;
  const stamp = readStamp(installStamp);
  if (stamp === wanted && existsSync(node)) return 0;
  if (!isInstalledByHand()) {
    say('installing packages …');
    const npm = process.env.npm_execpath;
    const command = npm === undefined ? ['npm'] : [process.execPath, npm];
    const status = await run(
      command[0],
      [...command.slice(1), 'ci', '--no-audit', '--no-fund', '--loglevel=error'],
      {
        stdio: ['ignore', 2, 2],
      },
    );
    if (status !== 0) return status;
    rmSync(buildStamp, { force: true });
  }
  writeFileSync(installStamp, wanted);
  return 0;
}

/** npm writes its own copy of the lock file at the end of an install: newer than ours means that all is there. */
function isInstalledByHand() {
  const copy = join(modules, '.package-lock.json');
  return (
    existsSync(copy) &&
    existsSync(node) &&
    statSync(copy).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs
  );
}

function* filesBelow(dir, skip) {
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    if (skip.has(entry.name)) continue;
    const path = join(dir, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path, skip);
    else yield path;
  }
}

const notSources = new Set(['node_modules', 'dist', '.git', 'data', 'bin']);

/** Changes when a source is changed, added or removed. */
function sourcesHash() {
  const hash = createHash('sha256');
  for (const dir of projects()) {
    for (const file of filesBelow(dir, notSources)) {
      if (!/(\.ts|tsconfig\.json|package\.json)$/.test(file)) continue;
      const { mtimeMs, size } = statSync(file);
      hash.update(`${file} ${mtimeMs} ${size}\n`);
    }
  }
  for (const file of ['tsconfig.json', 'tsconfig.base.json']) {
    hash.update(`${file} ${statSync(join(root, file)).mtimeMs}\n`);
  }
  return hash.digest('hex');
}

async function build() {
  const wanted = sourcesHash();
  const isWhole = projects().every((dir) => existsSync(join(dir, 'dist')));
  if (isWhole && readStamp(buildStamp) === wanted) return 0;
  say('building …');
  const status = await run(node, [join(modules, 'typescript', 'bin', 'tsc'), '-b'], {
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) return status;
  removeOrphans();
  writeFileSync(buildStamp, wanted);
  return 0;
}

/** What was built from a source that is gone: a test that was deleted must not run. */
function removeOrphans() {
  for (const dir of projects()) {
    const from = existsSync(join(dir, 'src')) ? join(dir, 'src') : dir;
    const dist = join(dir, 'dist');
    for (const file of filesBelow(dist, notSources)) {
      const [, stem] = /^(.*?)(\.d\.ts|\.js\.map|\.js)$/.exec(relative(dist, file)) ?? [];
      if (stem !== undefined && !existsSync(join(from, `${stem}.ts`))) rmSync(file);
    }
  }
}

/** Tests of all projects; a pattern is a part of a source's path, or a glob of it. */
function testFiles(patterns) {
  const files = projects().flatMap((dir) => {
    const dist = join(dir, 'dist');
    return existsSync(dist)
      ? [...filesBelow(dist, notSources)].filter((file) => file.endsWith('.test.js'))
      : [];
  });
  if (patterns.length === 0) return files;
  const wanted = patterns.map((pattern) => {
    const plain = pattern.replace(/^\.\//, '').replace(/\.[jt]s$/, '');
    return plain.includes('*') ? globPattern(plain) : { test: (path) => path.includes(plain) };
  });
  return files.filter((file) => {
    const built = relative(root, file).replace(/\.js$/, '');
    const source = built.replace(/(^|\/)dist\//, existsSync(sourceDirOf(file)) ? '$1src/' : '$1');
    return wanted.some((pattern) => pattern.test(built) || pattern.test(source));
  });
}

function sourceDirOf(builtFile) {
  return join(builtFile.slice(0, builtFile.indexOf('/dist/')), 'src');
}

function globPattern(glob) {
  const source = glob
    .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
    .replaceAll('**', '\0')
    .replaceAll('*', '[^/]*');
  return new RegExp(`^${source.replaceAll('\0', '.*')}`);
}

async function test(args) {
  const files = testFiles(args.filter((arg) => !arg.startsWith('-')));
  if (files.length === 0) {
    say('no test matches');
    return 2;
  }
  const options = args.filter((arg) => arg.startsWith('-'));
  const concurrency = `--test-concurrency=${Math.max(2, availableParallelism())}`;
  return run(node, [
    '--test',
    '--test-reporter=spec',
    '--test-timeout=300000',
    concurrency,
    ...options,
    ...files,
  ]);
}

async function check(args) {
  const biome = join(modules, '@biomejs', 'biome', 'bin', 'biome');
  const statuses = [
    await run(node, [biome, 'check', ...args]),
    await build(),
    await run(node, [join(root, 'test/dist/rules/main.js')]),
    await run(node, [join(root, 'test/dist/docs/main.js'), '--check']),
  ];
  return statuses.find((status) => status !== 0) ?? 0;
}

const angarium = join(root, 'core', 'bin', 'angarium.mjs');
const tasks = {
  start: (args) => run(node, [angarium, 'serve', ...args]),
  angarium: (args) => run(node, [angarium, ...args]),
  test,
  bench: (args) => run(node, [join(root, 'test/dist/bench/main.js'), ...args]),
  build: () => 0,
  check,
};

async function main([name, ...args]) {
  const task = Object.hasOwn(tasks, name ?? '') ? tasks[name] : undefined;
  if (task === undefined) {
    say(`usage: node core/bin/prepare.mjs ${Object.keys(tasks).join('|')} [arguments]`);
    return 2;
  }
  const installed = await install();
  if (installed !== 0) return installed;
  // `check` builds itself, after the formatter has spoken.
  const built = name === 'check' ? 0 : await build();
  return built !== 0 ? built : task(args);
}

process.exitCode = await main(process.argv.slice(2));
