/** A server with every mechanism that there is, and the outside world that some of them need. */
import { writeFileSync } from 'node:fs';
import type { TestServer } from '../support/server.js';
import { without } from '../support/tools.js';
import { Authority } from './certificates.test.support.js';
import { protocols } from './protocols.test.support.js';
import { Realm, skipWithoutKerberos } from './realm.test.support.js';
import { startServer } from './support.js';
import { jwks } from './tokens.test.support.js';

export const skip = without('openssl') || skipWithoutKerberos;
/** SASL service names. */
export const services = protocols.map(({ service }) => service);

/** fred, whom LMTP takes mail from, and who comes from 127.0.0.1 alone; admin; `nobody` has a certificate and no account. */
export class Everything implements AsyncDisposable {
  private constructor(
    readonly server: TestServer,
    readonly realm: Realm,
    readonly authority: Authority,
  ) {}

  static async start(): Promise<Everything> {
    const authority = new Authority();
    for (const name of ['fred', 'admin', 'nobody']) {
      authority.issue(name, `/CN=${name}`, `${name}@example.org`);
    }
    const keys = authority.file('jwks.json');
    writeFileSync(keys, JSON.stringify(jwks));
    const realm = await Realm.start();
    const oauth = { issuer: 'https://idp.example', audience: 'imap', jwks: keys };
    const server = await startServer({
      env: realm.env as Record<string, string>,
      set: {
        'tls.clientAuthorities': authority.file('ca.pem'),
        'plugins.authentication.defaultDomain': 'example.org',
        'plugins.lmtp.deliverers': '["fred"]',
        'plugins.auth-networks.rules': '[{"users":["fred"],"networks":["127.0.0.1"]}]',
        'plugins.sasl-anonymous.services': JSON.stringify(services),
        'plugins.sasl-gssapi': JSON.stringify({ realms: { 'EXAMPLE.ORG': '' }, keytab: realm.keytab }),
        'plugins.sasl-oauth': JSON.stringify(oauth),
      },
    });
    return new Everything(server, realm, authority);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
    await this.realm[Symbol.asyncDispose]();
    this.authority[Symbol.dispose]();
  }
}
