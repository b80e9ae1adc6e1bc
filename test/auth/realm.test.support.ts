/** A Kerberos realm on loopback. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../support/ports.js';
import { eventually, findProgram, run, without } from '../support/tools.js';

export const skipWithoutKerberos =
  without('krb5kdc') || without('kadmin.local') || without('kdb5_util') || without('kinit');

/** SASL service names. */
const services = ['imap', 'pop', 'nntp', 'lmtp', 'sieve', 'host'];

/** Users fred and admin, the instance fred/admin, and a key for each service of `localhost`. */
export class Realm implements AsyncDisposable {
  private readonly folder = mkdtempSync(join(tmpdir(), 'krb5-'));
  private kdc: ChildProcess | undefined;
  readonly keytab = join(this.folder, 'keytab');
  readonly env = {
    ...process.env,
    KRB5_CONFIG: join(this.folder, 'krb5.conf'),
    KRB5_KDC_PROFILE: join(this.folder, 'kdc.conf'),
    KRB5CCNAME: `FILE:${join(this.folder, 'cache')}`,
    KRB5RCACHEDIR: this.folder,
  };

  static async start(): Promise<Realm> {
    const realm = new Realm();
    const port = await freePort();
    const { folder, env } = realm;
    writeFileSync(
      env.KRB5_CONFIG,
      `[libdefaults]
 default_realm = EXAMPLE.ORG
 dns_lookup_kdc = false
 dns_lookup_realm = false
 dns_canonicalize_hostname = false
 rdns = false
 udp_preference_limit = 1
[realms]
 EXAMPLE.ORG = {
  kdc = 127.0.0.1:${port}
 }
`,
    );
    writeFileSync(
      env.KRB5_KDC_PROFILE,
      `[kdcdefaults]
 kdc_listen = 127.0.0.1:${port}
 kdc_tcp_listen = 127.0.0.1:${port}
[realms]
 EXAMPLE.ORG = {
  database_name = ${folder}/principal
  key_stash_file = ${folder}/stash
 }
`,
    );
    realm.tool('kdb5_util', 'create', '-s', '-r', 'EXAMPLE.ORG', '-P', 'master');
    for (const user of ['fred', 'admin', 'fred/admin']) {
      realm.tool('kadmin.local', '-q', `addprinc -pw secret ${user}`);
    }
    for (const service of services) {
      realm.tool('kadmin.local', '-q', `addprinc -randkey ${service}/localhost`);
      realm.tool('kadmin.local', '-q', `ktadd -k ${realm.keytab} ${service}/localhost`);
    }
    realm.kdc = spawn(findProgram('krb5kdc')!, ['-n'], { env, stdio: 'ignore' });
    await eventually(async () => ((await realm.kinit('fred')) ? true : undefined));
    return realm;
  }

  /** Gets a ticket. */
  async kinit(user: string): Promise<boolean> {
    const { code } = await run('kinit', [user], { env: this.env, input: 'secret\n' });
    return code === 0;
  }

  private tool(name: string, ...args: string[]): void {
    execFileSync(findProgram(name)!, args, { env: this.env, stdio: 'pipe' });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.kdc !== undefined && this.kdc.exitCode === null) {
      const ended = once(this.kdc, 'exit');
      this.kdc.kill();
      await ended;
    }
    rmSync(this.folder, { recursive: true });
  }
}
