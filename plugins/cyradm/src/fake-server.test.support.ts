/** An IMAP server that answers what it is told to, for the shell's tests. */
import { createServer, type Server, type Socket } from 'node:net';

/** A command as it was sent, literals in place → lines of the answer without CRLF; `TAG` stands for the tag. */
export type Script = (command: string, socket: Socket) => readonly string[] | undefined;

export class FakeServer implements AsyncDisposable {
  readonly commands: string[] = [];
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly capabilities: string,
  ) {}

  static async start(script: Script, capabilities = 'IMAP4rev1 AUTH=PLAIN'): Promise<FakeServer> {
    const server = createServer();
    const fake = new FakeServer(server, capabilities);
    server.on('connection', (socket) => {
      fake.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.write(`* OK [CAPABILITY ${capabilities}] ready\r\n`);
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk.toString('latin1');
        for (;;) {
          const end = endOf(text, socket);
          if (end === undefined) return;
          fake.answer(text.slice(0, end - 2), socket, script);
          text = text.slice(end);
        }
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  get port(): number {
    return (this.server.address() as { port: number }).port;
  }

  private isAsking = false;

  private answer(line: string, socket: Socket, script: Script): void {
    if (this.isAsking) {
      this.isAsking = false;
      socket.write(`${this.askedBy} OK Authenticated\r\n`);
      return;
    }
    const [tag = '', ...rest] = line.split(' ');
    const command = rest.join(' ');
    this.commands.push(command);
    if (command === 'AUTHENTICATE PLAIN') {
      this.isAsking = true;
      this.askedBy = tag;
      socket.write('+ \r\n');
      return;
    }
    const answer = script(command, socket) ?? [
      ...(command === 'CAPABILITY' ? [`* CAPABILITY ${this.capabilities}`] : []),
      'TAG OK Completed',
    ];
    for (const each of answer) socket.write(`${each.replace(/^TAG/, tag)}\r\n`, 'latin1');
  }

  private askedBy = '';

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }
}

/** Behind the first whole command; asks for literals on the way. */
function endOf(text: string, socket: Socket): number | undefined {
  for (let from = 0; ; ) {
    const end = text.indexOf('\r\n', from);
    if (end < 0) return undefined;
    const literal = /\{(\d+)\}$/.exec(text.slice(from, end));
    if (literal === null) return end + 2;
    from = end + 2 + Number(literal[1]);
    if (text.length === end + 2) socket.write('+ go on\r\n');
    if (text.length < from) return undefined;
  }
}
