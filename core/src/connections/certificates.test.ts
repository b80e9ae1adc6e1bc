import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { copyFileSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { systemClock } from '../clock.js';
import { ManualClock, MemoryLog } from '../test-support/fixtures.js';
import {
  echo,
  listening,
  type MadeCertificate,
  temporaryDir,
  writeCertificate,
} from '../test-support/listening.js';
import { Client, eventually } from '../test-support/sockets.js';
import { Certificates } from './certificates.js';
import { ensureSelfSigned, makeSelfSigned } from './self-signed.js';
import { createTlsAcceptor } from './tls.js';

const implicit = [{ address: '127.0.0.1', port: 0, tls: 'implicit' as const }];

async function setUp(test: TestContext, names: readonly string[][] = []) {
  const dir = temporaryDir(test);
  const log = new MemoryLog();
  const clock = new ManualClock();
  const made = await writeCertificate(dir, 'default', ['localhost']);
  const named = await Promise.all(
    names.map(async (each, index) => ({
      ...(await writeCertificate(dir, `named${index}`, each)),
      names: each,
    })),
  );
  const certificates = new Certificates({
    default: made,
    names: named,
    minVersion: 'TLSv1.2',
    ticketKeys: Buffer.alloc(48, 1),
    log,
    clock,
    watchIntervalMs: 30_000,
  });
  const { port } = await listening(test, {
    tls: createTlsAcceptor(certificates),
    listen: implicit,
    clock: systemClock,
    accept: echo,
  });
  return { dir, log, clock, made, certificates, port };
}

async function shakeHands(port: number, servername: string | undefined): Promise<TLSSocket> {
  const socket = connect({
    port,
    host: '127.0.0.1',
    rejectUnauthorized: false,
    ...(servername !== undefined && { servername }),
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('secureConnect', () => resolve());
    socket.once('error', reject);
  });
  return socket;
}

async function subjectFor(port: number, servername: string | undefined): Promise<string> {
  const socket = await shakeHands(port, servername);
  const subject = socket.getPeerX509Certificate()?.subject ?? '';
  socket.destroy();
  return subject;
}

function replace(from: MadeCertificate, to: MadeCertificate, mtime: number): void {
  copyFileSync(from.certificate, to.certificate);
  copyFileSync(from.key, to.key);
  utimesSync(to.certificate, mtime, mtime);
}

describe('certificates', () => {
  it('are chosen by the name that the client asks for, a wildcard standing for one label', async (test) => {
    const { port } = await setUp(test, [['www.example.org'], ['*.example.com', 'Example.NET']]);
    assert.equal(await subjectFor(port, undefined), 'CN=localhost');
    assert.equal(await subjectFor(port, 'nobody.test'), 'CN=localhost');
    assert.equal(await subjectFor(port, 'www.example.org'), 'CN=www.example.org');
    assert.equal(await subjectFor(port, 'WWW.example.ORG'), 'CN=www.example.org');
    assert.equal(await subjectFor(port, 'web.example.com'), 'CN=*.example.com');
    assert.equal(await subjectFor(port, 'a.b.example.com'), 'CN=localhost');
    assert.equal(await subjectFor(port, 'example.com'), 'CN=localhost');
    assert.equal(await subjectFor(port, 'example.net'), 'CN=*.example.com');
  });

  it('are exchanged when the files change, and sessions go on', async (test) => {
    const { dir, clock, made, port } = await setUp(test);
    const early = new Client(await shakeHands(port, undefined));
    replace(await writeCertificate(dir, 'renewed', ['renewed.test']), made, 1_900_000_000);
    await clock.advance(30_000);
    assert.equal(await subjectFor(port, undefined), 'CN=renewed.test');
    early.write('still here\r\n');
    await early.until('still here');
    early.stream.destroy();
  });

  it('stay as they are when their replacement is faulty, which is told once', async (test) => {
    const { clock, made, log, port } = await setUp(test);
    writeFileSync(made.certificate, 'not a certificate');
    await clock.advance(90_000);
    assert.equal(await subjectFor(port, undefined), 'CN=localhost');
    assert.deepEqual(
      log.lines.map(({ level }) => level),
      ['error'],
    );
    rmSync(made.key);
    await clock.advance(30_000);
    assert.equal(await subjectFor(port, undefined), 'CN=localhost');
  });

  it('are not half exchanged: a key of another certificate is refused', async (test) => {
    const { dir, made, certificates, port } = await setUp(test);
    const other = await writeCertificate(dir, 'other', ['other.test']);
    copyFileSync(other.key, made.key);
    assert.equal(certificates.reload(), false);
    assert.equal(await subjectFor(port, undefined), 'CN=localhost');
    copyFileSync(other.certificate, made.certificate);
    assert.equal(certificates.reload(), true);
    assert.equal(await subjectFor(port, undefined), 'CN=other.test');
  });

  it('name the file that cannot be read', async (test) => {
    const dir = temporaryDir(test);
    const made = await writeCertificate(dir, 'default', ['localhost']);
    const missing = join(dir, 'missing.key');
    assert.throws(
      () =>
        new Certificates({
          default: { certificate: made.certificate, key: missing },
          names: [],
          minVersion: 'TLSv1.2',
          ticketKeys: Buffer.alloc(48),
          log: new MemoryLog(),
          clock: new ManualClock(),
        }),
      (error: Error) => error.message.includes(missing),
    );
  });

  it('know a client by its certificate, when an authority of ours has signed it', async (test) => {
    const dir = temporaryDir(test);
    const made = await writeCertificate(dir, 'default', ['localhost']);
    const known = await writeCertificate(dir, 'known', ['client'], 'client');
    const stranger = await writeCertificate(dir, 'stranger', ['client'], 'client');
    const certificates = new Certificates({
      default: made,
      names: [],
      minVersion: 'TLSv1.2',
      ticketKeys: Buffer.alloc(48),
      clientAuthorities: known.certificate,
      log: new MemoryLog(),
      clock: new ManualClock(),
    });
    const seen: (Uint8Array | undefined)[] = [];
    const { port } = await listening(test, {
      tls: createTlsAcceptor(certificates),
      listen: implicit,
      async accept(connection) {
        seen.push(connection.tls?.clientCertificate);
      },
    });
    for (const pair of [known, stranger, undefined]) {
      const socket = connect({
        port,
        host: '127.0.0.1',
        ca: made.pem,
        servername: 'localhost',
        ...(pair && { cert: readFileSync(pair.certificate), key: readFileSync(pair.key) }),
      });
      const count = seen.length;
      new Client(socket);
      await eventually(() => seen.length > count);
      socket.destroy();
    }
    assert.deepEqual(Buffer.from(seen[0]!), new X509Certificate(known.pem).raw);
    assert.deepEqual(seen.slice(1), [undefined, undefined]);
  });
});

describe('the self-signed certificate', () => {
  it('is for all its names and for servers, and verifies itself', async () => {
    const { certificate, key } = await makeSelfSigned(
      ['localhost', 'www.example.org', '127.0.0.1', '::1'],
      Date.UTC(2026, 5, 1),
    );
    const parsed = new X509Certificate(certificate);
    assert.ok(parsed.verify(parsed.publicKey));
    assert.ok(parsed.checkPrivateKey(createPrivateKey(key)));
    assert.equal(parsed.checkHost('www.example.org'), 'www.example.org');
    assert.equal(parsed.checkIP('127.0.0.1'), '127.0.0.1');
    assert.equal(parsed.checkIP('::1'), '::1');
    assert.equal(parsed.ca, false);
    assert.deepEqual(parsed.keyUsage, ['1.3.6.1.5.5.7.3.1']);
    assert.equal(parsed.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1');
    assert.equal(new Date(parsed.validFrom).getTime(), Date.UTC(2026, 4, 31));
    assert.equal(new Date(parsed.validTo).getUTCFullYear(), 2036);
  });

  it('is made once, its key for the owner only', async (test) => {
    const dir = join(temporaryDir(test), 'tls');
    const first = await ensureSelfSigned(dir, 'www.example.org', Date.now());
    assert.equal(first.isNew, true);
    assert.equal(statSync(first.key).mode & 0o777, 0o600);
    const again = await ensureSelfSigned(dir, 'other.example.org', Date.now());
    assert.deepEqual(again, { ...first, isNew: false });
    assert.ok(new X509Certificate(readFileSync(first.certificate)).checkHost('www.example.org'));
  });
});
