/** OpenLDAP's slapd on a free loopback port, in a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../support/ports.js';
import { eventually, findProgram, run } from '../support/tools.js';

const people = `dn: dc=example,dc=org
objectClass: dcObject
objectClass: organization
dc: example
o: Example

dn: ou=people,dc=example,dc=org
objectClass: organizationalUnit
ou: people

dn: ou=groups,dc=example,dc=org
objectClass: organizationalUnit
ou: groups

dn: uid=fred,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
uid: fred
cn: Fred Flintstone
sn: Flintstone
userPassword: secret

dn: uid=gone,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
uid: gone
cn: Gone
sn: Gone
employeeType: locked
userPassword: secret

dn: cn=staff,ou=groups,dc=example,dc=org
objectClass: groupOfNames
cn: staff
member: uid=fred,ou=people,dc=example,dc=org
`;

export class Slapd implements AsyncDisposable {
  private readonly folder = mkdtempSync(join(tmpdir(), 'slapd-'));
  private child: ChildProcess | undefined;

  private constructor(readonly port: number) {}

  static async start(): Promise<Slapd> {
    const slapd = new Slapd(await freePort());
    await slapd.prepare();
    await slapd.up();
    return slapd;
  }

  get url(): string {
    return `ldap://127.0.0.1:${this.port}`;
  }

  async up(): Promise<void> {
    const child = spawn(findProgram('slapd')!, ['-d', '0', '-f', this.config, '-h', `${this.url}/`], {
      stdio: 'ignore',
    });
    this.child = child;
    await eventually(async () => {
      if (child.exitCode !== null) throw new Error(`slapd ended with ${child.exitCode}`);
      const socket = net.connect({ port: this.port, host: '127.0.0.1' });
      const isThere = await new Promise<boolean>((resolve) => {
        socket.once('connect', () => resolve(true));
        socket.once('error', () => resolve(false));
      });
      socket.destroy();
      return isThere || undefined;
    });
  }

  async down(): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  }

  /** While it is down: all entries anew, of the same names; each has another entryUUID. */
  async recreate(): Promise<void> {
    rmSync(join(this.folder, 'db'), { recursive: true });
    await this.prepare();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.down();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private get config(): string {
    return join(this.folder, 'slapd.conf');
  }

  private async prepare(): Promise<void> {
    const { folder } = this;
    mkdirSync(join(folder, 'db'));
    writeFileSync(
      this.config,
      `include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
pidfile ${folder}/slapd.pid
modulepath /usr/lib/ldap
moduleload back_mdb
database mdb
suffix "dc=example,dc=org"
rootdn "cn=admin,dc=example,dc=org"
rootpw admin
directory ${folder}/db
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="cn=admin,dc=example,dc=org" read by * none
`,
    );
    writeFileSync(join(folder, 'people.ldif'), people);
    const { code, output } = await run('slapadd', ['-f', this.config, '-l', join(folder, 'people.ldif')]);
    if (code !== 0) throw new Error(`slapadd: ${output}`);
  }
}
