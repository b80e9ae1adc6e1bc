/**
 * A small IMAP client: one command at a time, literals both ways, STARTTLS, SASL. It knows nothing of mailboxes; commands are
 * given as pieces of text and strings to be quoted.
 */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { ConnectionLost, isSecure, openSocket, type ServerAddress, secureSocket } from '@angarium/sdk';
import { parseStatus, parseUntagged, type Status, type Untagged } from './response.js';
import { ResponseReader } from './response-reader.js';

/** A string argument: sent as atom, quoted or as a literal, whichever is legal. Latin1, one char an octet. */
export interface StringArgument {
  readonly string: string;
  /** The grammar allows no atom here. */
  readonly isNstring?: boolean;
}
/** A list is sent in parentheses. */
export type Piece = string | StringArgument | readonly Piece[];

export function astring(text: string): StringArgument {
  return { string: text };
}

export function nstring(text: string): StringArgument {
  return { string: text, isNstring: true };
}

export interface Answer extends Status {
  readonly untagged: readonly Untagged[];
}

export interface ConnectOptions extends ServerAddress {
  readonly tls: ConnectionOptions;
  readonly timeoutMs: number;
  /** Lines that every client must show its user (RFC 3501 §7.1). */
  readonly onAlert: (text: string) => void;
  /** The connection is gone, not by `close`. */
  readonly onLost: () => void;
}

interface Pending {
  readonly tag: string;
  readonly untagged: Untagged[];
  /** A continuation request came. */
  onContinue: ((text: string) => void) | undefined;
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

export class ImapClient {
  capabilities: ReadonlySet<string> = new Set();
  private reader = new ResponseReader();
  private pending: Pending | undefined;
  private greet: ((status: Status) => void) | undefined;
  private fail: ((error: Error) => void) | undefined;
  private tags = 0;
  private isClosed = false;
  private goodbye = '';

  private constructor(
    private readonly options: ConnectOptions,
    private socket: Socket | TLSSocket,
  ) {
    this.listen(socket);
  }

  /** After the greeting. @throws ConnectionLost */
  static async connect(options: ConnectOptions): Promise<ImapClient> {
    const socket = openSocket(options, options.tls);
    const client = new ImapClient(options, socket);
    const greeting = await new Promise<Status>((resolve, reject) => {
      client.greet = resolve;
      client.fail = reject;
      socket.setTimeout(options.timeoutMs, () => client.lose(new Error('no answer')));
    });
    socket.setTimeout(0);
    client.greet = undefined;
    client.fail = undefined;
    if (greeting.kind === 'BYE') {
      client.close();
      throw new ConnectionLost(greeting.text);
    }
    if (greeting.code?.toUpperCase().startsWith('CAPABILITY ') === true)
      client.takeCapabilities(greeting.code.slice('CAPABILITY '.length));
    else await client.askCapabilities();
    return client;
  }

  get isSecure(): boolean {
    return isSecure(this.socket);
  }

  get host(): string {
    return this.options.host;
  }

  has(capability: string): boolean {
    return this.capabilities.has(capability);
  }

  async askCapabilities(): Promise<void> {
    const { untagged } = await this.command(['CAPABILITY']);
    for (const { name, text } of untagged) if (name === 'CAPABILITY') this.takeCapabilities(text);
  }

  /**
   * Sends a command; resolves with its tagged answer, whatever that is. @param answerContinue is asked for a line at each
   * continuation request that is not for a literal (SASL). @throws ConnectionLost
   */
  async command(pieces: readonly Piece[], answerContinue?: (challenge: string) => string): Promise<Answer> {
    if (this.isClosed) throw new ConnectionLost('not connected');
    if (this.pending !== undefined) throw new Error('a command is running');
    const tag = `A${++this.tags}`;
    return await new Promise<Answer>((resolve, reject) => {
      const pending: Pending = { tag, untagged: [], onContinue: undefined, resolve, reject };
      this.pending = pending;
      this.sendPieces(pending, toChunks(tag, pieces), answerContinue);
    });
  }

  /** @throws ConnectionLost when the handshake fails */
  async startTls(): Promise<boolean> {
    const { kind } = await this.command(['STARTTLS']);
    if (kind !== 'OK') return false;
    // What came before the handshake is nobody's (CVE-2011-0411).
    this.reader = new ResponseReader();
    const secure = secureSocket(this.socket, this.options.tls);
    this.socket = secure;
    await once(secure, 'secureConnect').catch((error: Error) => {
      throw new ConnectionLost(error.message);
    });
    this.listen(secure);
    await this.askCapabilities();
    return true;
  }

  close(): void {
    this.isClosed = true;
    this.socket.destroy();
  }

  private listen(socket: Socket | TLSSocket): void {
    socket.on('data', (chunk: Buffer) => this.receive(chunk));
    socket.on('error', (error) => this.lose(error));
    socket.on('close', () => this.lose(new Error(this.goodbye || 'the server closed the connection')));
  }

  private sendPieces(
    pending: Pending,
    chunks: readonly string[],
    answerContinue: ((challenge: string) => string) | undefined,
  ): void {
    let next = 0;
    const send = (): void => void this.socket.write(chunks[next++]!, 'latin1');
    pending.onContinue = (text) => {
      if (next < chunks.length) send();
      else if (answerContinue === undefined) this.lose(new Error('the server waits for something'));
      else this.socket.write(`${answerContinue(text)}\r\n`, 'latin1');
    };
    send();
  }

  private receive(chunk: Buffer): void {
    try {
      for (const response of this.reader.push(chunk)) this.take(response);
    } catch (error) {
      this.lose(error as Error);
    }
  }

  private take(response: string): void {
    if (response.startsWith('+')) {
      this.pending?.onContinue?.(response.slice(2));
      return;
    }
    if (!response.startsWith('* ')) {
      this.finish(response);
      return;
    }
    const untagged = parseUntagged(response.slice(2));
    const status = parseStatus(response.slice(2));
    if (this.greet !== undefined) this.greet(status);
    if (status.code?.toUpperCase() === 'ALERT') this.options.onAlert(status.text);
    if (untagged.name === 'BYE') this.goodbye = status.text;
    if (untagged.name === 'CAPABILITY') this.takeCapabilities(untagged.text);
    this.pending?.untagged.push(untagged);
  }

  private finish(response: string): void {
    const { pending } = this;
    if (pending === undefined || !response.startsWith(`${pending.tag} `)) return;
    this.pending = undefined;
    const status = parseStatus(response.slice(pending.tag.length + 1));
    if (status.code?.toUpperCase() === 'ALERT') this.options.onAlert(status.text);
    if (status.code?.toUpperCase().startsWith('CAPABILITY ') === true)
      this.takeCapabilities(status.code.slice('CAPABILITY '.length));
    pending.resolve({ ...status, untagged: pending.untagged });
  }

  private takeCapabilities(text: string): void {
    this.capabilities = new Set(text.toUpperCase().split(' ').filter(Boolean));
  }

  private lose(cause: Error): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.socket.destroy();
    const error = new ConnectionLost(cause.message, { cause });
    if (this.fail !== undefined) this.fail(error);
    else this.options.onLost();
    this.pending?.reject(error);
    this.pending = undefined;
  }
}

/** One a literal: each ends where the server has to say that it takes the next. */
function toChunks(tag: string, pieces: readonly Piece[]): string[] {
  const chunks: string[] = [];
  let text = tag;
  const add = (piece: Piece): void => {
    if (typeof piece === 'string') text += piece;
    else if (!('string' in piece)) {
      text += '(';
      addAll(piece);
      text += ')';
    } else {
      const { string, isNstring = false } = piece;
      const form = quoted(string, isNstring);
      if (form !== undefined) text += form;
      else {
        chunks.push(`${text}{${string.length}}\r\n`);
        text = string;
      }
    }
  };
  const addAll = (list: readonly Piece[]): void => {
    list.forEach((piece, at) => {
      if (at > 0) text += ' ';
      add(piece);
    });
  };
  text += ' ';
  addAll(pieces);
  return [...chunks, `${text}\r\n`];
}

/** Undefined: only a literal can carry it. */
function quoted(string: string, isNstring: boolean): string | undefined {
  if (!isNstring && /^[!#$&'+,\-./0-9:;<=>?@A-Z[\]^_`a-z|}~]+$/.test(string) && !/^nil$/i.test(string))
    return string;
  if (/[\r\n\0\x80-\xff]/.test(string) || string.length > 1000) return undefined;
  return `"${string.replace(/["\\]/g, '\\$&')}"`;
}
