/** An LMTP client for tests. */
import { LineClient } from './line-client.js';

export class LmtpTestClient extends LineClient {
  /** A whole reply, continuation lines joined with LF. */
  async reply(): Promise<string> {
    const lines: string[] = [];
    do lines.push(await this.line());
    while (lines.at(-1)![3] === '-');
    return lines.join('\n');
  }

  async command(line: string): Promise<string> {
    this.sendLine(line);
    return this.reply();
  }

  /** Greeting and LHLO. */
  async hello(name = 'client.example'): Promise<string> {
    await this.reply();
    return this.command(`LHLO ${name}`);
  }

  /**
   * One transaction, pipelined up to DATA. Answers what comes after the message: one reply for each recipient that was
   * accepted, in order (RFC 2033 §4.2). When DATA was refused: the replies to MAIL, each RCPT and DATA. CRLF line ends
   * are the caller's business.
   */
  async deliver(
    from: string,
    recipients: readonly string[],
    message: string | Uint8Array,
  ): Promise<string[]> {
    const lines = [`MAIL FROM:<${from}>`, ...recipients.map((to) => `RCPT TO:<${to}>`), 'DATA'];
    this.send(lines.map((line) => `${line}\r\n`).join(''));
    const replies: string[] = [];
    for (let i = 0; i < lines.length; i++) replies.push(await this.reply());
    if (!replies.at(-1)!.startsWith('354')) return replies;
    const text = typeof message === 'string' ? message : Buffer.from(message).latin1Slice();
    const stuffed = text.replace(/(^|\r\n)\./g, '$1..');
    this.send(`${stuffed.endsWith('\r\n') ? stuffed : `${stuffed}\r\n`}.\r\n`);
    const outcomes: string[] = [];
    for (const reply of replies.slice(1, -1)) if (reply.startsWith('250')) outcomes.push(await this.reply());
    return outcomes;
  }
}
