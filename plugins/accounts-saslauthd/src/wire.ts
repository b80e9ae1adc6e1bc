/** saslauthd's protocol: counted strings, one question a connection (saslauthd/ipc_unix.c, lib/checkpw.c of Cyrus SASL). */
import { connect } from 'node:net';

/** As saslauthd itself bounds them (MAX_LOGIN_REALM_LEN and others are smaller; it answers NO then). */
const MAX_STRING_BYTES = 1024;
const MAX_ANSWER_BYTES = 1024;

export interface Question {
  readonly login: string;
  readonly password: string;
  readonly service: string;
  readonly realm: string;
}

/** Undefined: something is too long to be asked, and is no password anybody has. */
export function encodeQuestion({ login, password, service, realm }: Question): Buffer | undefined {
  const parts: Buffer[] = [];
  for (const text of [login, password, service, realm]) {
    const octets = Buffer.from(text, 'utf8');
    if (octets.length > MAX_STRING_BYTES || octets.includes(0)) return undefined;
    const length = Buffer.alloc(2);
    length.writeUInt16BE(octets.length);
    parts.push(length, octets);
  }
  return Buffer.concat(parts);
}

/** True for `OK…`. @throws Error for what is no answer. */
export function decodeAnswer(answer: Buffer): boolean {
  const text = answer.subarray(2).toString('latin1');
  if (answer.length < 4 || answer.readUInt16BE(0) !== answer.length - 2 || !/^(OK|NO)/.test(text))
    throw new Error(`saslauthd answered ${JSON.stringify(answer.toString('latin1').slice(0, 80))}`);
  return text.startsWith('OK');
}

/** @throws Error when saslauthd cannot be asked. */
export function ask(path: string, question: Buffer, timeoutMs: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const socket = connect({ path });
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error('saslauthd does not answer')));
    socket.on('connect', () => socket.write(question));
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length > MAX_ANSWER_BYTES) socket.destroy(new Error('saslauthd answers without end'));
    });
    socket.on('end', () => resolve(Buffer.concat(chunks)));
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('saslauthd has hung up')));
  });
}
