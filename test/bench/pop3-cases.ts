/** POP3 beside the peers: whole listings of the big mailbox, and every message of it. */
import { once } from 'node:events';
import net from 'node:net';
import { type BenchCase, bigUser, type Scale } from './cases.js';
import type { BenchServer } from './servers.js';

/** Commands that are on their way at once. */
const WINDOW = 200;
const END = '\r\n.\r\n';

/** Counts replies, and keeps nothing of them. */
class PopLoad {
  private replies = 0;
  private bytes = 0;
  private tail = '';
  private mark = END;
  private wake: (() => void) | undefined;

  private constructor(private readonly socket: net.Socket) {
    socket.on('data', (chunk) => {
      this.bytes += chunk.length;
      const text = this.tail + chunk.latin1Slice();
      for (let at = text.indexOf(this.mark); at >= 0; at = text.indexOf(this.mark, at + this.mark.length)) {
        this.replies++;
        this.tail = '';
      }
      const after = text.lastIndexOf(this.mark) + this.mark.length;
      const rest = text.includes(this.mark) ? text.slice(after) : text;
      this.tail = rest.slice(-(this.mark.length - 1));
      this.wake?.();
    });
    socket.on('close', () => this.wake?.());
  }

  static async login(server: BenchServer, user: string): Promise<PopLoad> {
    const socket = net.connect({ port: server.pop3Port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    const client = new PopLoad(socket);
    client.mark = '+OK';
    await client.wait(1);
    for (const line of [`USER ${user}`, `PASS ${server.password}`]) await client.run([line]);
    client.mark = END;
    client.tail = '';
    return client;
  }

  /** Sends them in windows; answers the octets that came. */
  async run(commands: readonly string[]): Promise<number> {
    const before = this.bytes;
    for (let from = 0; from < commands.length; from += WINDOW) {
      const some = commands.slice(from, from + WINDOW);
      this.socket.write(some.map((line) => `${line}\r\n`).join(''));
      await this.wait(some.length);
    }
    return this.bytes - before;
  }

  async quit(): Promise<void> {
    const ended = once(this.socket, 'close');
    this.socket.write('QUIT\r\n');
    await ended;
  }

  private async wait(count: number): Promise<void> {
    while (this.replies < count) {
      if (this.socket.destroyed || this.socket.readableEnded) throw new Error('the server closed');
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    this.replies -= count;
  }
}

async function withMaildrop(
  server: BenchServer,
  scale: Scale,
  work: (client: PopLoad) => Promise<number>,
): Promise<number> {
  const client = await PopLoad.login(server, server.user(bigUser(scale)));
  const done = await work(client);
  await client.quit();
  return done;
}

const LISTINGS = 10;

/** They need the big mailbox, which an earlier case has made. */
export const pop3Cases: readonly BenchCase[] = [
  {
    name: 'POP3 LIST and UIDL of the big mailbox',
    unit: 'lines/s',
    run: (server, scale) =>
      withMaildrop(server, scale, async (client) => {
        for (let i = 0; i < LISTINGS; i++) await client.run(['LIST', 'UIDL']);
        return 2 * LISTINGS * scale.mailbox;
      }),
  },
  {
    name: 'POP3 login and QUIT on the big mailbox',
    unit: 'sessions/s',
    async run(server, scale) {
      for (let i = 0; i < 20; i++) await withMaildrop(server, scale, async () => 1);
      return 20;
    },
  },
  {
    name: 'POP3 RETR of the big mailbox, pipelined',
    unit: 'messages/s',
    run: (server, scale) =>
      withMaildrop(server, scale, async (client) => {
        await client.run(Array.from({ length: scale.mailbox }, (_, i) => `RETR ${i + 1}`));
        return scale.mailbox;
      }),
  },
];
