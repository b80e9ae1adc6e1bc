/** A real Postfix. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from './ports.js';
import { run, without } from './tools.js';

/** For `test(name, { skip: noPostfix }, …)`. */
export const noPostfix: string | false =
  without('postfix') || (process.getuid?.() === 0 ? false : 'Postfix runs as root only');

export interface Postfix {
  /** SMTP. */
  readonly port: number;
  stop(): Promise<void>;
  log(): string;
  /** Tries everything that waits now. */
  flush(): Promise<void>;
}

/**
 * A Postfix instance of its own below `folder`, which hands its mail to the LMTP socket.
 * @param settings more lines of main.cf.
 */
export async function startPostfix(folder: string, lmtpSocket: string, settings = ''): Promise<Postfix> {
  const port = await freePort();
  for (const name of ['config', 'queue', 'data']) mkdirSync(join(folder, name), { recursive: true });
  execFileSync('chown', ['postfix', join(folder, 'data')]);
  const config = join(folder, 'config');
  writeFileSync(
    join(config, 'main.cf'),
    `compatibility_level = 3.6
queue_directory = ${folder}/queue
data_directory = ${folder}/data
maillog_file = ${folder}/mail.log
maillog_file_prefixes = ${folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
myhostname = mx.example.net
mydestination = example.net
local_recipient_maps =
mailbox_transport = lmtp:unix:${lmtpSocket}
smtputf8_enable = yes
alias_maps =
${settings}`,
  );
  // service, type, private, unprivileged, chroot, wakeup, processes, command: master(5)
  writeFileSync(
    join(config, 'master.cf'),
    `127.0.0.1:${port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
local unix - n n - - local
lmtp unix - - n - - lmtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
postlog unix-dgram n - n - 1 postlogd
`,
  );
  const postfix = (command: string) => run('postfix', ['-c', config, command]);
  const { code, output } = await postfix('start');
  assert.equal(code, 0, output);
  const log = () => readFileSync(join(folder, 'mail.log'), 'utf8');
  return {
    port,
    log,
    stop: async () => void (await postfix('stop')),
    flush: async () => void (await postfix('flush')),
  };
}
