/** A service of a few lines that listens on a free port of loopback, for tests of connections. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Connection, ListenEntry, Service } from '@angarium/sdk';
import { systemClock } from '../clock.js';
import { Certificates } from '../connections/certificates.js';
import { Listeners, type ListenersOptions } from '../connections/listeners.js';
import { makeSelfSigned } from '../connections/self-signed.js';
import { createTlsAcceptor } from '../connections/tls.js';
import { MemoryLog } from './fixtures.js';

export interface ListeningOptions extends Partial<Omit<ListenersOptions, 'log'>> {
  readonly listen?: readonly ListenEntry[];
  readonly alpn?: readonly string[];
  readonly loginTimeoutMs?: number;
  accept(connection: Connection): Promise<void>;
}

export interface Listening {
  readonly listeners: Listeners;
  readonly log: MemoryLog;
  readonly dir: string;
  /** Of the first entry. */
  readonly port: number;
}

/** Ends with the test. */
export async function listening(test: TestContext, options: ListeningOptions): Promise<Listening> {
  const dir = temporaryDir(test);
  const log = new MemoryLog();
  const listeners = new Listeners({
    clock: systemClock,
    dataDir: dir,
    limits: { maxConnections: 0, maxConnectionsPerAddress: 0 },
    idPrefix: 't',
    ...options,
    log,
  });
  const service: Service = {
    name: 'echo',
    listen: options.listen ?? [{ address: '127.0.0.1', port: 0 }],
    loginTimeoutMs: options.loginTimeoutMs ?? 0,
    ...(options.alpn !== undefined && { alpn: options.alpn }),
    busy: (reason) => `BUSY ${reason}\r\n`,
    accept: (connection) => options.accept(connection),
  };
  await listeners.listen([service]);
  test.after(async () => {
    await listeners.stopAccepting();
    for (const connection of listeners.connections) connection.destroy();
  });
  const bound = listeners.addresses()['echo']?.[0];
  return { listeners, log, dir, port: bound !== undefined && 'port' in bound ? bound.port : 0 };
}

export function temporaryDir(test: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'angarium-test-'));
  test.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Says each line back, until `quit`. */
export async function echo(connection: Connection): Promise<void> {
  for (
    let line = await connection.readLine(1000);
    line !== undefined;
    line = await connection.readLine(1000)
  ) {
    const text = line.toString('latin1');
    if (text === 'quit') return;
    if (text === 'starttls') {
      connection.write('go ahead\r\n');
      await connection.startTls();
    } else if (text === 'compress') {
      connection.write('go ahead\r\n');
      connection.startCompression();
    } else connection.write(`${text}\r\n`);
  }
}

export interface MadeCertificate {
  readonly certificate: string;
  readonly key: string;
  /** PEM, for clients to trust. */
  readonly pem: string;
}

export async function writeCertificate(
  dir: string,
  file: string,
  names: readonly string[],
  purpose: 'server' | 'client' = 'server',
): Promise<MadeCertificate> {
  const made = await makeSelfSigned(names, Date.now(), purpose);
  const certificate = join(dir, `${file}.pem`);
  const key = join(dir, `${file}.key`);
  writeFileSync(certificate, made.certificate);
  writeFileSync(key, made.key);
  return { certificate, key, pem: made.certificate };
}

/** TLS with one certificate for localhost. */
export async function tlsFor(test: TestContext, ticketKeys: Buffer = Buffer.alloc(48, 7)) {
  const made = await writeCertificate(temporaryDir(test), 'default', ['localhost']);
  const certificates = new Certificates({
    default: made,
    names: [],
    minVersion: 'TLSv1.2',
    ticketKeys,
    log: new MemoryLog(),
    clock: systemClock,
    watchIntervalMs: 0,
  });
  return { made, certificates, acceptor: createTlsAcceptor(certificates) };
}
