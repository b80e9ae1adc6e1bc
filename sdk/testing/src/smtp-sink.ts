/** An MTA for tests: takes mail by SMTP (RFC 5321) and keeps it, or answers as it is told. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

/** A message that the sink has acknowledged. */
export interface SinkMail {
  readonly sender: string;
  readonly recipients: readonly string[];
  /** latin1, dots undone. */
  readonly text: string;
}

const USUAL: Readonly<Record<string, string>> = {
  EHLO: '250-sink\r\n250-8BITMIME\r\n250 SMTPUTF8',
  DATA: '354 go on',
  QUIT: '221 bye',
};

export class SmtpSink implements AsyncDisposable {
  readonly mails: SinkMail[] = [];
  /** Replies instead of the usual ones: by verb, and `.` for the end of the message. */
  readonly replies = new Map<string, string>();
  private readonly sockets = new Set<Socket>();
  private readonly waiting: (() => void)[] = [];

  private constructor(private readonly server: Server) {
    server.on('connection', (socket) => this.serve(socket));
  }

  static async start(): Promise<SmtpSink> {
    const sink = new SmtpSink(createServer());
    sink.server.listen(0, '127.0.0.1');
    await once(sink.server, 'listening');
    return sink;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Resolves when so many messages are there. */
  async has(count: number): Promise<void> {
    while (this.mails.length < count) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private serve(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => this.sockets.delete(socket));
    const session = new SinkSession(this, (line) => void socket.write(`${line}\r\n`));
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => session.take(chunk));
    socket.write('220 sink ESMTP\r\n');
  }

  /** @internal */
  keep(mail: SinkMail): void {
    this.mails.push(mail);
    for (const wake of this.waiting.splice(0)) wake();
  }
}

class SinkSession {
  private rest = '';
  private sender = '';
  private recipients: string[] = [];
  private data: string[] | undefined;

  constructor(
    private readonly sink: SmtpSink,
    private readonly answer: (line: string) => void,
  ) {}

  take(chunk: string): void {
    const lines = (this.rest + chunk).split('\r\n');
    this.rest = lines.pop() ?? '';
    for (const line of lines) this.line(line);
  }

  private line(line: string): void {
    if (this.data !== undefined) this.dataLine(line, this.data);
    else this.command(line);
  }

  private command(line: string): void {
    const verb = line.split(/[ :]/)[0]!.toUpperCase();
    const told = this.sink.replies.get(verb);
    if (told === undefined) this.note(verb, /<(.*?)>/.exec(line)?.[1] ?? '');
    this.answer(told ?? USUAL[verb] ?? '250 ok');
  }

  private note(verb: string, address: string): void {
    if (verb === 'MAIL') this.sender = address;
    if (verb === 'RCPT') this.recipients.push(address);
    if (verb === 'DATA') this.data = [];
  }

  private dataLine(line: string, data: string[]): void {
    if (line !== '.') {
      data.push(line.startsWith('.') ? line.slice(1) : line);
      return;
    }
    const { sender, recipients } = this;
    this.data = undefined;
    this.recipients = [];
    const told = this.sink.replies.get('.');
    if (told === undefined) this.sink.keep({ sender, recipients, text: `${data.join('\r\n')}\r\n` });
    this.answer(told ?? '250 taken');
  }
}
