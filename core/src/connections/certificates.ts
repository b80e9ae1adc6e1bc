/**
 * The certificates in force: one by default, others by the name the client asks for (SNI). Files are looked at
 * now and then and loaded anew when they have changed; a faulty replacement is reported and the old one stays.
 * Sessions that are there keep what they shook hands with.
 */
import { readFileSync, statSync } from 'node:fs';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { Clock, Logger } from '@angarium/sdk';
import type { CertificateFiles } from './self-signed.js';
import type { ContextSource } from './tls.js';

export interface NamedCertificate extends CertificateFiles {
  /** Host names; `*.` at the front stands for one label. */
  readonly names: readonly string[];
}

export interface CertificateOptions {
  readonly default: CertificateFiles;
  readonly names: readonly NamedCertificate[];
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  /** 48 bytes, the same in all workers. */
  readonly ticketKeys: Buffer;
  /** PEM file of the authorities whose client certificates are accepted; undefined: clients are not asked. */
  readonly clientAuthorities?: string;
  readonly log: Logger;
  readonly clock: Clock;
  /** How often the files are looked at; 0 is never. */
  readonly watchIntervalMs?: number;
}

const defaultWatchIntervalMs = 30_000;
/** The order in which key exchanges are liked: the fast one first. Hybrids cost each connection several KB. */
const keyExchangeGroups = 'X25519:P-256:P-384';

interface Contexts {
  readonly default: SecureContext;
  readonly byName: ReadonlyMap<string, SecureContext>;
}

export class Certificates implements ContextSource, Disposable {
  readonly asksForCertificates: boolean;
  private contexts: Contexts;
  private ticketKeys: Buffer;
  private stamp: string;
  private readonly watch: Disposable | undefined;

  /** @throws Error naming the file that cannot be read or used. */
  constructor(private readonly options: CertificateOptions) {
    this.asksForCertificates = options.clientAuthorities !== undefined;
    this.ticketKeys = options.ticketKeys;
    this.stamp = this.readStamp();
    this.contexts = this.load();
    const { clock, watchIntervalMs = defaultWatchIntervalMs } = options;
    this.watch = watchIntervalMs > 0 ? clock.every(watchIntervalMs, () => this.reloadIfChanged()) : undefined;
  }

  contextFor(serverName: string | undefined): SecureContext {
    const { byName, default: fallback } = this.contexts;
    if (serverName === undefined || byName.size === 0) return fallback;
    const name = serverName.toLowerCase();
    const wildcard = `*${name.slice(Math.max(0, name.indexOf('.')))}`;
    return byName.get(name) ?? byName.get(wildcard) ?? fallback;
  }

  /** Loads the files again. False, with the reason in the log: they are faulty, and the old ones stay in force. */
  reload(): boolean {
    try {
      const stamp = this.readStamp();
      this.contexts = this.load();
      this.stamp = stamp;
      this.options.log.info('certificates loaded');
      return true;
    } catch (err) {
      this.options.log.error('new certificates are faulty; the old ones stay in use', { err });
      return false;
    }
  }

  reloadIfChanged(): void {
    const stamp = this.readStamp();
    if (stamp === this.stamp) return;
    // Also when it fails: once a change is told often enough.
    this.stamp = stamp;
    this.reload();
  }

  /** Tickets sealed with other keys lead to a full handshake, nothing worse. */
  setTicketKeys(keys: Buffer): void {
    this.ticketKeys = keys;
    this.reload();
  }

  [Symbol.dispose](): void {
    this.watch?.[Symbol.dispose]();
  }

  private load(): Contexts {
    const byName = new Map<string, SecureContext>();
    for (const each of this.options.names) {
      const context = this.contextOf(each);
      for (const name of each.names) byName.set(name.toLowerCase(), context);
    }
    return { default: this.contextOf(this.options.default), byName };
  }

  private contextOf({ certificate, key }: CertificateFiles): SecureContext {
    const { minVersion, clientAuthorities } = this.options;
    const cert = readPem(certificate, 'certificate');
    const privateKey = readPem(key, 'key');
    try {
      return createSecureContext({
        cert,
        key: privateKey,
        minVersion,
        ecdhCurve: keyExchangeGroups,
        honorCipherOrder: true,
        ticketKeys: this.ticketKeys,
        sessionIdContext: 'angarium',
        ...(clientAuthorities === undefined ? {} : { ca: readPem(clientAuthorities, 'authorities') }),
      });
    } catch (cause) {
      const text = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`certificate ${certificate} with key ${key}: ${text}`, { cause });
    }
  }

  private readStamp(): string {
    const { default: fallback, names } = this.options;
    return [fallback, ...names]
      .flatMap(({ certificate, key }) => [stampOf(certificate), stampOf(key)])
      .join();
  }
}

function readPem(file: string, what: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`TLS ${what} ${file} cannot be read: ${text}`, { cause });
  }
}

/** Follows symbolic links, as renewal tools replace those. */
function stampOf(file: string): string {
  const stats = statSync(file, { throwIfNoEntry: false });
  return stats === undefined ? '-' : `${stats.mtimeMs}:${stats.ino}:${stats.size}`;
}
