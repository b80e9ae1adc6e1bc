/** A server that says what a test has written down, over a pair of streams; it shares no code with the clients. */
import { type Duplex, duplexPair } from 'node:stream';

/** The server's end. Reads take latin1 text; a client that goes away makes them fail. */
export class ScriptedServer {
  private buffered = '';
  private isEnded = false;
  private wake: (() => void) | undefined;

  private constructor(private readonly stream: Duplex) {
    stream.on('data', (chunk: Buffer) => {
      this.buffered += chunk.latin1Slice();
      this.wake?.();
    });
    stream.on('end', () => {
      this.isEnded = true;
      this.wake?.();
    });
  }

  /** The client's stream, and the server at its other end. */
  static pair(): { readonly stream: Duplex; readonly server: ScriptedServer } {
    const [stream, other] = duplexPair();
    return { stream, server: new ScriptedServer(other) };
  }

  /** All up to and with `end`. */
  async upTo(end: string): Promise<string> {
    for (let at = this.buffered.indexOf(end); ; at = this.buffered.indexOf(end)) {
      if (at >= 0) return this.take(at + end.length);
      await this.more();
    }
  }

  async exactly(length: number): Promise<string> {
    while (this.buffered.length < length) await this.more();
    return this.take(length);
  }

  /** What has come without having been asked for, once nothing more is on the way. */
  async unread(): Promise<string> {
    for (let before: string | undefined; before !== this.buffered; ) {
      before = this.buffered;
      await turn();
    }
    return this.buffered;
  }

  /** Each piece is a chunk of its own on the way. */
  async say(...pieces: string[]): Promise<void> {
    for (const piece of pieces) {
      this.stream.write(piece, 'latin1');
      await turn();
    }
  }

  private take(length: number): string {
    const text = this.buffered.slice(0, length);
    this.buffered = this.buffered.slice(length);
    return text;
  }

  private async more(): Promise<void> {
    if (this.isEnded) throw new Error(`the client closed; unread: ${JSON.stringify(this.buffered)}`);
    await new Promise<void>((resolve) => {
      this.wake = resolve;
    });
  }
}

/** Lets what is on its way through the pair of streams arrive. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
