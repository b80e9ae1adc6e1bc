/** One message to a sendmail program: its exit status says whether it has taken it. */
import { spawn } from 'node:child_process';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { MailError, type OutboundMail } from '@angarium/sdk';

/** sysexits.h: bad usage, bad data, no user, no host, no permission. */
const PERMANENT = new Set([64, 65, 67, 68, 77]);
const MAX_ERROR_TEXT = 2000;

/** @throws MailError */
export async function sendBySendmail(path: string, mail: OutboundMail): Promise<void> {
  // Addresses come last and behind --, so that none is an option; -i: a line with a dot alone is a line.
  const args = ['-i', '-f', mail.sender === '' ? '<>' : mail.sender, '--', mail.recipient];
  const child = spawn(path, args, { stdio: ['pipe', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    if (said.length < MAX_ERROR_TEXT) said += chunk.toString('latin1');
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  try {
    const written = pipeline(Readable.from(mail.content, { objectMode: false }), child.stdin);
    const [status] = await Promise.all([ended, written.catch(ignoreClosedPipe)]);
    if (status !== 0) throw failure(status, said);
  } catch (error) {
    child.kill();
    throw error instanceof MailError ? error : failure(null, said, error);
  }
}

/** A program that reads no further has an exit status that says why. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
}

function failure(status: number | null, said: string, reason?: unknown): MailError {
  const cause = reason ?? new Error(`sendmail ended with ${status}: ${said.slice(0, MAX_ERROR_TEXT)}`);
  return status !== null && PERMANENT.has(status)
    ? new MailError('CANNOT', 'The mail server has refused the message', { cause })
    : new MailError('UNAVAILABLE', 'Mail cannot be sent now', { cause });
}
