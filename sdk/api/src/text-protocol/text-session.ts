import type { Connection, Lease } from '../kernel/connection.js';

/** One client of a line protocol. Subclasses add their state and what belongs to it. */
export abstract class TextSession {
  /** The name of the state; commands say in which ones they are allowed. */
  abstract readonly state: string;
  /** Output is waiting above the high-water mark; the loop waits for it before the next command. */
  mustDrain = false;
  private ended = false;

  constructor(readonly connection: Connection) {}

  /** A reply line; CRLF is added. latin1: one char, one octet. */
  reply(line: string): void {
    this.write(`${line}\r\n`);
  }

  /** `lease`: as `Connection.write`. */
  write(data: string | Uint8Array, lease?: Lease): void {
    if (!this.connection.write(data, lease)) this.mustDrain = true;
  }

  /** For bulk output between writes; no promise is made when there is nothing to wait for. */
  drained(): Promise<void> | undefined {
    if (!this.mustDrain) return undefined;
    this.mustDrain = false;
    return this.connection.drain();
  }

  /** The session is over: the loop returns after the current command, the kernel flushes and closes. */
  end(): void {
    this.ended = true;
  }

  get isEnded(): boolean {
    return this.ended;
  }
}
