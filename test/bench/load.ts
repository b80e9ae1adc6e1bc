/** A small pipelining client for benches: raw sockets, whole responses, nothing parsed twice. */
import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import type { SaslClient } from '@angarium/testing';

/** The server does not offer what a case measures. */
export class NotOffered extends Error {}

export class LoadClient {
  private buffered: Buffer[] = [];
  private size = 0;
  private wake: (() => void) | undefined;
  private closed = false;

  private constructor(readonly socket: net.Socket) {
    socket.on('data', (chunk) => {
      this.buffered.push(chunk);
      this.size += chunk.length;
      this.wake?.();
    });
    const onEnd = () => {
      this.closed = true;
      this.wake?.();
    };
    socket.on('close', onEnd);
    socket.on('error', onEnd);
  }

  static async connect(port: number): Promise<LoadClient> {
    const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    return new LoadClient(socket);
  }

  /** A whole handshake each time, and any certificate will do. */
  static async connectTls(port: number): Promise<LoadClient> {
    const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
    socket.setNoDelay(true);
    await once(socket, 'secureConnect');
    return new LoadClient(socket);
  }

  send(text: string | Buffer): void {
    this.socket.write(typeof text === 'string' ? Buffer.from(text, 'latin1') : text);
  }

  /** Everything up to and with the first line that begins with `start`, as latin1. */
  async until(start: string): Promise<string> {
    let text = '';
    for (;;) {
      text += this.take();
      const at = text.startsWith(start) ? 0 : text.indexOf(`\n${start}`) + 1;
      if (at > 0 || text.startsWith(start)) {
        const end = text.indexOf('\n', at);
        if (end >= 0) {
          this.giveBack(text.slice(end + 1));
          return text.slice(0, end + 1);
        }
      }
      await this.more();
    }
  }

  /**
   * Reads until the tagged answer without keeping what comes: for bulk. Answers the bytes, how many lines began with `* `,
   * and the tagged line.
   */
  async drainUntil(tag: string): Promise<{ bytes: number; untagged: number; tagged: string }> {
    let bytes = 0;
    let untagged = 0;
    let rest = '';
    for (;;) {
      const text = rest + this.take();
      const lastLine = text.lastIndexOf('\n', text.length - 2) + 1;
      if (text.endsWith('\n') && text.startsWith(`${tag} `, lastLine)) {
        return {
          bytes: bytes + lastLine,
          untagged: untagged + countLines(text.slice(0, lastLine)),
          tagged: text.slice(lastLine).trimEnd(),
        };
      }
      bytes += lastLine;
      untagged += countLines(text.slice(0, lastLine));
      rest = text.slice(lastLine);
      await this.more();
    }
  }

  async command(tag: string, command: string): Promise<string> {
    this.send(`${tag} ${command}\r\n`);
    const answer = await this.until(`${tag} `);
    const last = answer.slice(answer.lastIndexOf(`${tag} `));
    if (!last.startsWith(`${tag} OK`)) throw new Error(`${command}: ${last.trimEnd()}`);
    return answer;
  }

  /** AUTHENTICATE with an exchange; ends with the tagged OK. */
  async authenticate(tag: string, mechanism: string, sasl: SaslClient): Promise<void> {
    const initial = sasl.initial === undefined ? '' : ` ${sasl.initial.toString('base64')}`;
    this.send(`${tag} AUTHENTICATE ${mechanism}${initial}\r\n`);
    for (;;) {
      const line = await this.until('');
      if (line.startsWith(`${tag} OK`)) return;
      if (!line.startsWith('+')) throw new Error(`AUTHENTICATE ${mechanism}: ${line.trimEnd()}`);
      const challenge = Buffer.from(line.slice(1).trim(), 'base64');
      this.send(`${sasl.respond(challenge).toString('base64')}\r\n`);
    }
  }

  end(): void {
    this.socket.destroy();
  }

  private take(): string {
    const text = Buffer.concat(this.buffered).toString('latin1');
    this.buffered = [];
    this.size = 0;
    return text;
  }

  private giveBack(text: string): void {
    if (text === '') return;
    this.buffered.unshift(Buffer.from(text, 'latin1'));
    this.size += text.length;
  }

  private async more(): Promise<void> {
    while (this.size === 0) {
      if (this.closed) throw new Error('the server closed the connection');
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
      this.wake = undefined;
    }
  }
}

/** Lines that begin with `* `; literals never do in the benches' mail. */
function countLines(text: string): number {
  let count = text.startsWith('* ') ? 1 : 0;
  for (let at = text.indexOf('\n* '); at >= 0; at = text.indexOf('\n* ', at + 1)) count++;
  return count;
}

/** `total` pieces of work over `width` workers; each gets its number and its worker. */
export async function inParallel(
  total: number,
  width: number,
  work: (n: number, worker: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: Math.min(width, total) }, async (_, worker) => {
      for (let n = next++; n < total; n = next++) await work(n, worker);
    }),
  );
}
