#!/usr/bin/env node
// Runs the command line on Node 24 or newer. An older Node starts the one that the `node` package carries; signals
// and the exit status pass through.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module, { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const neededMajor = 24;

function carriedNode() {
  try {
    const file = join(dirname(createRequire(import.meta.url).resolve('node/package.json')), 'bin', 'node');
    return existsSync(file) ? file : undefined;
  } catch {
    return undefined;
  }
}

function runWith(node) {
  const child = spawn(node, process.argv.slice(1), {
    stdio: 'inherit',
    env: { ...process.env, ANGARIUM_NODE: node },
  });
  // A terminal sends Ctrl-C to the child as well: passing it on would make it two.
  process.on('SIGINT', () => process.stdin.isTTY === true || child.kill('SIGINT'));
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGUSR2']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    process.stderr.write(`angarium: cannot start ${node}: ${error.message}\n`);
    process.exit(1);
  });
  child.on('exit', (status, signal) => {
    process.exit(status ?? 128 + (constants.signals[signal] ?? 0));
  });
}

/**
 * Compiled code is kept beside the code, whose owner alone writes there: never in a folder that others could fill. Where it
 * cannot be written nothing is kept.
 */
function keepCompiledCode() {
  if (process.env.NODE_COMPILE_CACHE !== undefined) return;
  const dir = fileURLToPath(new URL('../dist/.compile-cache', import.meta.url));
  const { status } = module.enableCompileCache(dir);
  // For workers.
  if (status === module.constants.compileCacheStatus.ENABLED) process.env.NODE_COMPILE_CACHE = dir;
}

if (Number(process.versions.node.split('.')[0]) >= neededMajor) {
  keepCompiledCode();
  const { main } = await import('../dist/cli/main.js');
  await main();
} else {
  const node = process.env.ANGARIUM_NODE === undefined ? carriedNode() : undefined;
  if (node === undefined) {
    process.stderr.write(`angarium needs Node ${neededMajor} or newer, this is ${process.versions.node}\n`);
    process.exit(1);
  }
  runWith(node);
}
