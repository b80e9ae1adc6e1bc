/** A server with scripts, its users, and the programs that speak with it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findPackageDir } from '@angarium/core';
import { root, TestServer } from '../support/server.js';
import { type Ran, run, without } from '../support/tools.js';

const plugins = [
  'store-sqlite',
  'accounts-local: { plainSecrets: true }',
  'authentication: { admins: [admin], failedLoginPause: 50 }',
  'namespace',
  'delivery',
  'sasl-plain',
  'sasl-login',
  'sasl-scram',
  'sasl-cram-md5',
  'sasl-digest-md5: { realm: example.org }',
  'sieve',
  'managesieve: { listen: [{ address: 127.0.0.1, port: 0 }, { address: 127.0.0.1, port: 0, tls: implicit }] }',
  'sieveshell',
];

/** Without the language and its storage there is nothing to keep. */
export const withoutSieve =
  findPackageDir('@angarium/plugin-sieve', [root]) === undefined ? 'the plugin sieve is not here' : false;

export const password = 'secret';

/** fred, wilma and admin. */
export function startServer(): Promise<TestServer> {
  const lines = plugins.map((line) => `  ${line.includes(':') ? line : `${line}: {}`}\n`);
  return TestServer.start({
    users: { fred: password, wilma: password, admin: password },
    manifest: `workers: 1\nplugins:\n${lines.join('')}`,
  });
}

export function skipWithout(name: string): string | false {
  return withoutSieve || without(name);
}

/** Names of files in the server's folder, which goes with it. */
export function writeScripts(server: TestServer, scripts: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(scripts)) writeFileSync(join(server.data, name), text);
}

/** `angarium sieveshell`, in the server's folder. */
export function ourShell(server: TestServer, args: readonly string[], input = ''): Promise<Ran> {
  const passwordFile = join(server.data, 'password');
  writeFileSync(passwordFile, `${password}\n`);
  const angarium = join(root, 'core', 'bin', 'angarium.mjs');
  const global = ['-c', server.manifestFile, '--data', server.data];
  return run(
    process.execPath,
    [angarium, ...global, 'sieveshell', '--password-file', passwordFile, ...args],
    { cwd: server.data, input },
  );
}
