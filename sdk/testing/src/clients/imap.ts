/** An IMAP client for tests: sends what it is told, answers what came, knows literals and tags and nothing more. */
import { LineClient } from './line-client.js';

export interface ImapAnswer {
  /** OK, NO, BAD. */
  readonly status: string;
  /** What follows the status. */
  readonly text: string;
  /** Untagged lines without `* `, literals in place (latin1). */
  readonly untagged: string[];
}

export class ImapTestClient extends LineClient {
  private tags = 0;

  /** A whole response: a line with the literals in it. */
  async response(): Promise<string> {
    let text = '';
    for (;;) {
      const line = await this.line();
      text += line;
      const literal = /\{(\d+)\}$/.exec(line);
      if (!literal) return text;
      text += `\r\n${(await this.exactly(Number(literal[1]))).latin1Slice()}`;
    }
  }

  /** Sends a command under the next tag; does not wait. */
  start(command: string): string {
    const tag = `t${++this.tags}`;
    this.sendLine(`${tag} ${command}`);
    return tag;
  }

  /** Reads until the tagged answer; untagged responses go to `untagged`. Continuation requests are an error. */
  async finish(tag: string, untagged: string[] = []): Promise<ImapAnswer> {
    const answer = await this.next(tag, untagged);
    if (typeof answer === 'string') throw new Error(`unexpected: ${JSON.stringify(answer)}`);
    return answer;
  }

  /** A command with everything it answers. */
  command(command: string): Promise<ImapAnswer> {
    return this.finish(this.start(command));
  }

  /** What the tagged line says: status and text. */
  async said(command: string): Promise<string> {
    const { status, text } = await this.command(command);
    return `${status} ${text}`;
  }

  /** As command; the answer must be OK. */
  async ok(command: string): Promise<ImapAnswer> {
    const answer = await this.command(command);
    if (answer.status !== 'OK') throw new Error(`${command}: ${answer.status} ${answer.text}`);
    return answer;
  }

  /**
   * Text pieces with synchronising literals between them: `['APPEND INBOX ', bytes]`; waits for each `+`. A tagged
   * answer instead of one ends the command: the literal is not sent.
   */
  async withLiterals(...pieces: (string | Uint8Array)[]): Promise<ImapAnswer> {
    const tag = `t${++this.tags}`;
    const untagged: string[] = [];
    let line = `${tag} `;
    for (const piece of pieces) {
      if (typeof piece === 'string') {
        line += piece;
        continue;
      }
      this.send(`${line}{${piece.length}}\r\n`);
      line = '';
      const answer = await this.next(tag, untagged);
      if (typeof answer !== 'string') return answer;
      if (!answer.startsWith('+')) throw new Error(`unexpected: ${JSON.stringify(answer)}`);
      this.send(piece);
    }
    this.send(`${line}\r\n`);
    return this.finish(tag, untagged);
  }

  async append(mailbox: string, message: string | Uint8Array, flags = ''): Promise<ImapAnswer> {
    const bytes = typeof message === 'string' ? Buffer.from(message, 'latin1') : message;
    return this.withLiterals(`APPEND ${mailbox} ${flags === '' ? '' : `(${flags}) `}`, bytes);
  }

  /** Reads the greeting and logs in. */
  async login(user: string, password: string): Promise<void> {
    await this.expect(/^\* (OK|PREAUTH)/);
    await this.ok(`LOGIN ${user} ${password}`);
  }

  async logout(): Promise<void> {
    await this.command('LOGOUT');
    this.destroy();
  }

  /** The tagged answer, or whatever else comes that is not untagged; untagged responses are put into `untagged`. */
  private async next(tag: string, untagged: string[]): Promise<ImapAnswer | string> {
    for (;;) {
      const response = await this.response();
      if (response.startsWith(`${tag} `)) {
        const [, status = '', text = ''] = /^\S+ (\S+) ?([\s\S]*)$/.exec(response) ?? [];
        return { status, text, untagged };
      }
      if (!response.startsWith('* ')) return response;
      untagged.push(response.slice(2));
    }
  }
}
