/** A small ManageSieve client: one command at a time, STARTTLS, SASL. It knows nothing of shells. */
import type { Socket } from 'node:net';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { ConnectionLost, isSecure, openSocket, type ServerAddress, secureSocket } from '@angarium/sdk';
import { ResponseReader, type Token } from './response-reader.js';
import { parseStatus, type Status, textOf } from './status.js';

/** A command's piece: text as it is, or a string to be framed. */
export type Piece = string | { readonly octets: Buffer };

export interface Answer extends Status {
  /** Lines before the status. */
  readonly lines: readonly (readonly Token[])[];
}

export interface ConnectOptions extends ServerAddress {
  readonly tls: ConnectionOptions;
  readonly timeoutMs: number;
}

interface Pending {
  readonly lines: (readonly Token[])[];
  readonly onChallenge: ((challenge: string) => string) | undefined;
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

export function string(text: string): Piece {
  return { octets: Buffer.from(text, 'utf8') };
}

export class SieveClient {
  capabilities: ReadonlyMap<string, string> = new Map();
  private reader = new ResponseReader();
  private pending: Pending | undefined;
  private lost: ConnectionLost | undefined;

  private constructor(
    private readonly options: ConnectOptions,
    private socket: Socket | TLSSocket,
  ) {
    this.listen(socket);
  }

  /** After the greeting. @throws ConnectionLost */
  static async connect(options: ConnectOptions): Promise<SieveClient> {
    const socket = openSocket(options, options.tls);
    const client = new SieveClient(options, socket);
    socket.setTimeout(options.timeoutMs, () => client.lose(new Error('no answer')));
    await client.takeCapabilities(client.answer());
    socket.setTimeout(0);
    return client;
  }

  get isSecure(): boolean {
    return isSecure(this.socket);
  }

  get host(): string {
    return this.options.host;
  }

  get mechanisms(): readonly string[] {
    return (this.capabilities.get('SASL') ?? '').toUpperCase().split(' ').filter(Boolean);
  }

  has(capability: string): boolean {
    return this.capabilities.has(capability);
  }

  /** @param onChallenge answers SASL challenges, both in base64. @throws ConnectionLost */
  async command(pieces: readonly Piece[], onChallenge?: (challenge: string) => string): Promise<Answer> {
    const answer = this.answer(onChallenge);
    this.socket.write(Buffer.concat([...pieces.map(encode), Buffer.from('\r\n')]));
    return await answer;
  }

  async askCapabilities(): Promise<void> {
    await this.takeCapabilities(this.command(['CAPABILITY']));
  }

  /** Undefined: done; else what the server said. @throws ConnectionLost when the handshake fails */
  async startTls(): Promise<Answer | undefined> {
    const answer = await this.command(['STARTTLS']);
    if (answer.kind !== 'OK') return answer;
    // What came before the handshake is nobody's (CVE-2011-0411).
    this.reader = new ResponseReader();
    this.socket = secureSocket(this.socket, this.options.tls);
    this.listen(this.socket);
    await this.takeCapabilities(this.answer());
    return undefined;
  }

  close(): void {
    this.lost ??= new ConnectionLost('not connected');
    this.socket.destroy();
  }

  private async takeCapabilities(answering: Promise<Answer>): Promise<void> {
    const { kind, text, lines } = await answering;
    if (kind !== 'OK') throw new ConnectionLost(text || 'the server refuses');
    const pairs = lines.map(([name, value]): [string, string] => [
      name === undefined ? '' : textOf(name).toUpperCase(),
      value === undefined ? '' : textOf(value),
    ]);
    this.capabilities = new Map(pairs);
  }

  /** Of the command that is written next, or of the server's own accord. */
  private answer(onChallenge?: (challenge: string) => string): Promise<Answer> {
    if (this.lost !== undefined) return Promise.reject(this.lost);
    if (this.pending !== undefined) throw new Error('a command is running');
    return new Promise<Answer>((resolve, reject) => {
      this.pending = { lines: [], onChallenge, resolve, reject };
    });
  }

  private listen(socket: Socket | TLSSocket): void {
    socket.on('data', (chunk: Buffer) => this.receive(chunk));
    socket.on('error', (error) => this.lose(error));
    socket.on('close', () => this.lose(new Error('the server closed the connection')));
  }

  private receive(chunk: Buffer): void {
    try {
      for (const line of this.reader.push(chunk)) this.take(line);
    } catch (error) {
      this.lose(error as Error);
    }
  }

  private take(line: readonly Token[]): void {
    const status = parseStatus(line);
    if (status?.kind === 'BYE') {
      this.pending?.resolve({ ...status, lines: this.pending.lines });
      this.pending = undefined;
      this.lose(new Error(status.text || 'the server said goodbye'));
      return;
    }
    const { pending } = this;
    if (pending === undefined || line.length === 0) return;
    if (status !== undefined) {
      this.pending = undefined;
      pending.resolve({ ...status, lines: pending.lines });
    } else if (pending.onChallenge !== undefined && line[0]!.is === 'string') {
      const response = pending.onChallenge(textOf(line[0]!));
      this.socket.write(Buffer.concat([encode(string(response)), Buffer.from('\r\n')]));
    } else pending.lines.push(line);
  }

  private lose(cause: Error): void {
    this.lost ??= new ConnectionLost(cause.message, { cause });
    this.socket.destroy();
    this.pending?.reject(this.lost);
    this.pending = undefined;
  }
}

/** Short and plain ones quoted, everything else as a literal. */
function encode(piece: Piece): Buffer {
  if (typeof piece === 'string') return Buffer.from(piece, 'latin1');
  const { octets } = piece;
  if (octets.length <= 1000 && /^[ !#-[\]-~]*$/.test(octets.latin1Slice()))
    return Buffer.from(`"${octets.latin1Slice()}"`, 'latin1');
  return Buffer.concat([Buffer.from(`{${octets.length}+}\r\n`), octets]);
}
