/** The running server's other end: one transaction with BDAT, so that the message goes through as it comes. */
import { once } from 'node:events';
import net from 'node:net';
import { LineEndNormaliser } from '@angarium/sdk';
import { type Outcome, temporaryError } from './exit-status.js';
import type { DeliverJob } from './job.js';

/** Longer than the server waits for anything. */
const PATIENCE_MS = 600_000;

interface Reply {
  readonly code: number;
  readonly status: string;
  readonly text: string;
}

/** Undefined when nobody listens there. */
export async function connectTo(place: net.NetConnectOpts): Promise<net.Socket | undefined> {
  const socket = net.connect(place);
  try {
    await once(socket, 'connect');
    return socket;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (['ENOENT', 'ECONNREFUSED'].includes(code)) return undefined;
    throw temporaryError(`the server cannot be reached: ${(error as Error).message}`);
  }
}

/** @throws CommandError 75 for whatever goes wrong between us and the server. */
export async function deliverOver(
  socket: net.Socket,
  job: DeliverJob,
  message: AsyncIterable<Uint8Array>,
): Promise<Outcome[]> {
  const client = new Client(socket);
  try {
    return await client.deliver(job, message);
  } catch (error) {
    if (error instanceof Refused) return job.recipients.map((recipient) => ({ recipient, ...error.reply }));
    throw temporaryError((error as Error).message);
  } finally {
    socket.destroy();
  }
}

class Refused extends Error {
  constructor(readonly reply: Reply) {
    super(reply.text);
  }
}

class Client {
  private readonly lines: AsyncIterator<string>;

  constructor(private readonly socket: net.Socket) {
    socket.setTimeout(PATIENCE_MS, () => socket.destroy(new Error('the server does not answer')));
    this.lines = linesOf(socket);
  }

  async deliver(job: DeliverJob, message: AsyncIterable<Uint8Array>): Promise<Outcome[]> {
    await this.ok();
    await this.command('LHLO localhost');
    const auth = job.submitter === undefined ? '' : ` AUTH=${xtext(job.submitter)}`;
    const isAscii = [job.sender, ...job.recipients].every((address) => /^[\x20-\x7e]*$/.test(address));
    await this.command(`MAIL FROM:<${job.sender}>${auth}${isAscii ? '' : ' SMTPUTF8'}`);
    const outcomes: (Outcome | undefined)[] = [];
    for (const recipient of job.recipients) {
      this.send(`RCPT TO:<${recipient}>${job.ignoresQuota ? ' IGNOREQUOTA' : ''}\r\n`);
      const reply = await this.reply();
      outcomes.push(reply.code === 250 ? undefined : { recipient, ...reply });
    }
    if (outcomes.includes(undefined)) {
      await this.body(message);
      for (const [i, recipient] of job.recipients.entries()) {
        outcomes[i] ??= { recipient, ...(await this.reply()) };
      }
    }
    this.send('QUIT\r\n');
    return outcomes as Outcome[];
  }

  /** Refusals of a chunk come back as the recipients' replies. */
  private async body(message: AsyncIterable<Uint8Array>): Promise<void> {
    const lineEnds = new LineEndNormaliser();
    for await (const chunk of message) {
      const bytes = lineEnds.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
      if (bytes.length === 0) continue;
      this.send(`BDAT ${bytes.length}\r\n`);
      if (!this.socket.write(bytes)) await once(this.socket, 'drain');
      const reply = await this.reply();
      if (reply.code !== 250) throw new Refused(reply);
    }
    this.send('BDAT 0 LAST\r\n');
  }

  private async command(line: string): Promise<void> {
    this.send(`${line}\r\n`);
    await this.ok();
  }

  private async ok(): Promise<void> {
    const reply = await this.reply();
    if (reply.code >= 300) throw new Refused(reply);
  }

  private send(text: string): void {
    this.socket.write(text, 'utf8');
  }

  private async reply(): Promise<Reply> {
    const texts: string[] = [];
    for (;;) {
      const { value, done } = await this.lines.next();
      if (done === true) throw new Error('the server has closed the connection');
      const [, code, more, status = '', text = ''] =
        /^(\d{3})([ -])(?:([245]\.\d+\.\d+) )?(.*)$/.exec(value) ?? [];
      if (code === undefined) throw new Error(`the server speaks no LMTP: ${value}`);
      texts.push(text);
      if (more === ' ') return { code: Number(code), status, text: texts.join(' ') };
    }
  }
}

async function* linesOf(socket: net.Socket): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of socket) {
    rest += (chunk as Buffer).toString('utf8');
    const lines = rest.split('\r\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}

/** RFC 3461 §4. */
function xtext(text: string): string {
  return [...Buffer.from(text, 'utf8')]
    .map((octet) =>
      octet < 0x21 || octet > 0x7e || octet === 0x2b || octet === 0x3d
        ? `+${octet.toString(16).toUpperCase().padStart(2, '0')}`
        : String.fromCharCode(octet),
    )
    .join('');
}
