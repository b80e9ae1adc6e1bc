/** A server with newsgroups, and a literal-minded NNTP client. */
import { LineClient } from '@angarium/testing';
import { imapSession } from '../support/imap.js';
import { type ServerOptions, TestServer } from '../support/server.js';

export class NewsClient extends LineClient {
  async command(line: string): Promise<string> {
    this.sendLine(line);
    return this.line();
  }

  /** Status line and block. */
  async list(line: string): Promise<string[]> {
    this.sendLine(line);
    await this.expect(/^[12]\d\d /);
    return (await this.until(/^\.$/)).slice(0, -1);
  }

  async login(user: string, password: string): Promise<void> {
    this.sendLine(`AUTHINFO USER ${user}`);
    await this.expect(/^381 /);
    this.sendLine(`AUTHINFO PASS ${password}`);
    await this.expect(/^281 /);
  }

  /** Sends an article after 340 or 335; answers what became of it. */
  async offer(command: string, article: string): Promise<string> {
    const go = await this.command(command);
    if (!go.startsWith('3')) return go;
    this.send(`${article}.\r\n`);
    return this.line();
  }
}

/** fred and admin (password `secret`), the groups misc.test and comp.test, where everybody may post. */
export async function newsServer(options: ServerOptions = {}): Promise<TestServer> {
  const server = await TestServer.start({ users: { fred: 'secret', admin: 'secret' }, ...options });
  const admin = await imapSession(server.port('imap'), 'admin', 'secret');
  for (const name of ['news.misc.test', 'news.comp.test']) {
    await admin.ok(`CREATE ${name}`);
    await admin.ok(`SETACL ${name} anyone lrsp`);
  }
  await admin.logout();
  return server;
}

export async function reader(server: TestServer): Promise<NewsClient> {
  const client = await NewsClient.connect<NewsClient>(server.port('nntp'));
  await client.expect(/^200 /);
  await client.login('fred', 'secret');
  return client;
}

/** Of a peer, CRLF. */
export function article(id: string, newsgroups = 'misc.test', subject = id): string {
  const fields = [
    'Path: peer.example!not-for-mail',
    'From: Fred <fred@example.org>',
    `Subject: ${subject}`,
    `Newsgroups: ${newsgroups}`,
    'Date: Mon, 01 Jan 2024 00:00:00 +0000',
    `Message-ID: ${id}`,
  ];
  return `${fields.join('\r\n')}\r\n\r\nHello.\r\n`;
}
