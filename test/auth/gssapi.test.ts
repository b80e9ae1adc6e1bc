import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { freePort } from '../support/ports.js';
import { eventually, findProgram, run, without } from '../support/tools.js';
import { startServer } from './support.js';

const skip = without('krb5kdc') || without('kadmin.local') || without('kinit') || without('gsasl');

/** A Kerberos realm on loopback with fred, boss and the server's keys. */
class Realm implements AsyncDisposable {
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
    for (const service of ['imap/localhost', 'host/localhost']) {
      realm.tool('kadmin.local', '-q', `addprinc -randkey ${service}`);
      realm.tool('kadmin.local', '-q', `ktadd -k ${realm.keytab} ${service}`);
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

test('Kerberos tickets log in by GNU SASL and by imtest', { skip }, async () => {
  await using realm = await Realm.start();
  const config = { realms: { 'EXAMPLE.ORG': '' }, keytab: realm.keytab };
  await using server = await startServer({
    set: { 'plugins.sasl-gssapi': JSON.stringify(config) },
    env: realm.env as Record<string, string>,
  });
  const gsasl = async (authzid: string) =>
    run(
      'gsasl',
      [
        ...['--imap', `--connect=localhost:${server.port('imap')}`, '--no-starttls', '--mechanism=GSSAPI'],
        ...[
          '--authentication-id=fred',
          `--authorization-id=${authzid}`,
          '--service=imap',
          '--hostname=localhost',
        ],
      ],
      { env: realm.env },
    );
  assert.equal(await realm.kinit('fred'), true);
  const fred = await gsasl('fred');
  assert.equal(fred.code, 0, fred.output + server.output.slice(-2000));
  assert.match(server.output, /"mechanism":"GSSAPI".*"user":"fred","msg":"login"/);
  assert.match((await gsasl('admin')).output, /NO \[AUTHORIZATIONFAILED\]/);

  const imtest = '/usr/lib/cyrus/bin/imtest';
  if (existsSync(imtest)) {
    const args = ['-p', String(server.port('imap')), '-m', 'GSSAPI', '-a', 'fred', '-u', 'fred', 'localhost'];
    const { output } = await run(imtest, args, { env: realm.env, input: '. LOGOUT\r\n' });
    assert.match(output, /^Authenticated\.$/m, output);
  }
  assert.equal(await realm.kinit('admin'), true);
  assert.equal((await gsasl('fred')).code, 0);
  assert.match(server.output, /"user":"fred","actingFor":"admin","msg":"login"/);
  // fred/admin is an instance, and no user.
  assert.equal(await realm.kinit('fred/admin'), true);
  assert.match((await gsasl('fred')).output, /NO \[AUTHENTICATIONFAILED\]/);
});

test('tokens that are none, and a keytab that is not there', { skip }, async () => {
  await using realm = await Realm.start();
  const config = { realms: { 'EXAMPLE.ORG': '' }, keytab: join(tmpdir(), 'no-such-keytab') };
  await using server = await startServer({
    set: { 'plugins.sasl-gssapi': JSON.stringify(config) },
    env: realm.env as Record<string, string>,
  });
  const { code, output } = await run(
    'gsasl',
    [
      ...['--imap', `--connect=localhost:${server.port('imap')}`, '--no-starttls', '--mechanism=GSSAPI'],
      ...['--authentication-id=fred', '--authorization-id=fred', '--service=imap', '--hostname=localhost'],
    ],
    { env: realm.env },
  );
  assert.notEqual(code, 0);
  assert.match(output, /NO \[UNAVAILABLE\]/);
});
