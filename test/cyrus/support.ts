/** Cyrus's own cyradm (Debian: cyrus-admin) and ours, as an administrator uses them. */
import { join } from 'node:path';
import { root, type TestServer } from '../support/server.js';
import { run } from '../support/tools.js';

export const password = 'secret';
const separator = '@@@';

/** Complaints come between output; without prompts (Cyrus's prints them to pipes as well), padding and empty lines. */
function said(output: string): string[] {
  return output
    .replaceAll('127.0.0.1> ', '')
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '');
}

/** What an administrator's shell says to each line. */
export type Cyradm = (server: TestServer, ...lines: string[]) => Promise<string[][]>;

/** A process for each line: its output and its complaints come through different buffers. */
export const theirCyradm: Cyradm = async (server, ...lines) => {
  const login = ['--user', 'admin', '--password', password, '--auth', 'PLAIN', '--notls', '--norc'];
  const port = String(server.port('imap'));
  const answers: string[][] = [];
  for (const line of lines) {
    const { output } = await run('cyradm', [...login, '--port', port, '127.0.0.1'], { input: `${line}\n` });
    answers.push(said(output));
  }
  return answers;
};

export const ourCyradm: Cyradm = async (server, ...lines) => {
  const input = lines.map((line) => `${line}\necho ${separator}\n`).join('');
  const { output } = await runOurs(server, input);
  return output.split(`${separator}\n`).slice(0, -1).map(said);
};

/** `angarium cyradm` with this on its standard input. */
export function runOurs(server: TestServer, input: string, ...options: string[]) {
  const angarium = [join(root, 'core', 'bin', 'angarium.mjs'), '-c', server.manifestFile];
  const login = ['-u', 'admin', '-w', password, '--norc'];
  // Both streams in one, in the order in which it writes.
  const merged = ['-c', 'exec "$@" 2>&1', 'sh', process.execPath];
  return run('sh', [...merged, ...angarium, '--data', server.data, 'cyradm', ...login, ...options], {
    input,
    // Its history goes to the home folder.
    env: { ...process.env, HOME: server.data },
  });
}

/** Ours says what a person is told; theirs shows the response code (RFC 5530) too. */
export function withoutCode(line: string): string {
  return line.replace(/\[[A-Z]+\] /, '');
}
