/**
 * Connections to servers with the same content: one to search by, some to check passwords by. A connection that has broken
 * is thrown away, never quietly made anew by the library: it would be without TLS and without its bind.
 */
import { readFileSync } from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';
import { WorkQueue } from '@angarium/sdk';
import {
  BusyError,
  Client,
  type Entry,
  InvalidCredentialsError,
  ResultCodeError,
  UnavailableError,
} from 'ldapts';
import type { LdapConfig } from './config.js';

/** Checks that may wait; more are told to come again. */
const MAX_WAITING = 1000;

export interface SearchRequest {
  readonly base: string;
  readonly scope: 'sub' | 'one' | 'base';
  readonly filter: string;
  readonly attributes: readonly string[];
  /** Entries at the most; 0: as many as there are, in pages. */
  readonly limit: number;
}

export class Servers implements AsyncDisposable {
  private searching: Promise<Client> | undefined;
  private readonly idle: Client[] = [];
  private readonly binds: WorkQueue;
  /** Which URL answered last. */
  private preferred = 0;
  private readonly authority: Buffer | undefined;

  /** @throws Error when `tlsAuthority` cannot be read. */
  constructor(private readonly config: LdapConfig) {
    this.binds = new WorkQueue(config.maxBinds, MAX_WAITING);
    this.authority = config.tlsAuthority === undefined ? undefined : readFileSync(config.tlsAuthority);
  }

  /** @throws Error when no server can be asked, or what is asked is wrong. */
  async search({ base, scope, filter, attributes, limit }: SearchRequest): Promise<readonly Entry[]> {
    const options = {
      scope,
      filter,
      attributes: [...attributes],
      ...(limit === 0 ? { paged: { pageSize: 500 } } : { sizeLimit: limit }),
    };
    return this.tried(async () => {
      const client = await this.searchClient();
      try {
        return (await client.search(base, options)).searchEntries;
      } catch (error) {
        if (isOutage(error)) await this.dropSearchClient(client);
        throw error;
      }
    });
  }

  /** Is this the entry's password? An empty one is a bind as nobody (RFC 4513 §5.1.2), and never right. */
  async bindAs(dn: string, password: string): Promise<boolean> {
    if (password === '') return false;
    return this.binds.run(() => this.tried(() => this.bind(dn, password)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const clients = [...this.idle.splice(0)];
    const searching = await this.searching?.catch(() => undefined);
    if (searching !== undefined) clients.push(searching);
    this.searching = undefined;
    await Promise.all(clients.map(close));
  }

  private async bind(dn: string, password: string): Promise<boolean> {
    const client = this.idle.pop() ?? (await this.connect());
    try {
      await client.bind(dn, password);
      this.idle.push(client);
      return true;
    } catch (error) {
      if (isOutage(error)) {
        await close(client);
        throw error;
      }
      this.idle.push(client);
      if (error instanceof InvalidCredentialsError) return false;
      throw error;
    }
  }

  /** Once more than there are servers: the first try may meet a connection that was closed while nobody looked. */
  private async tried<T>(work: () => Promise<T>): Promise<T> {
    for (let tries = this.config.urls.length; ; tries--) {
      try {
        return await work();
      } catch (error) {
        if (!isOutage(error) || tries === 0) throw error;
      }
    }
  }

  private searchClient(): Promise<Client> {
    this.searching ??= this.connectToSearch().catch((error: unknown) => {
      this.searching = undefined;
      throw error;
    });
    return this.searching;
  }

  private async connectToSearch(): Promise<Client> {
    const { bindDn, bindPassword = '' } = this.config;
    const client = await this.connect();
    if (bindDn === undefined) return client;
    try {
      await client.bind(bindDn, bindPassword);
      return client;
    } catch (error) {
      await close(client);
      throw error;
    }
  }

  private async dropSearchClient(client: Client): Promise<void> {
    if ((await this.searching?.catch(() => undefined)) === client) this.searching = undefined;
    await close(client);
  }

  /** The first server that lets itself be connected to, beginning with the one that did last. */
  private async connect(): Promise<Client> {
    const { urls } = this.config;
    let last: unknown;
    for (let i = 0; i < urls.length; i++) {
      const at = (this.preferred + i) % urls.length;
      try {
        const client = await this.connectTo(urls[at]!);
        this.preferred = at;
        return client;
      } catch (error) {
        last = error;
      }
    }
    throw last;
  }

  private async connectTo(url: string): Promise<Client> {
    const timeout = this.config.timeoutSeconds * 1000;
    const { hostname } = new URL(url);
    const tlsOptions: tls.ConnectionOptions = {
      servername: net.isIP(hostname) === 0 ? hostname : '',
      ...(this.authority === undefined ? {} : { ca: this.authority }),
    };
    await reachable(url, timeout);
    const client = new Client({
      url,
      timeout,
      connectTimeout: timeout,
      // The library would begin with TLS on ldap:// as well if it had them.
      ...(url.startsWith('ldaps:') ? { tlsOptions } : {}),
      strictDN: false,
      createConnection: once(net.connect),
      createSecureConnection: once(tls.connect),
    });
    if (this.config.startTls && url.startsWith('ldap:')) {
      try {
        await client.startTLS(tlsOptions);
      } catch (error) {
        await close(client);
        throw error;
      }
    }
    return client;
  }
}

/** The library connects when it is first asked: whether somebody is there must be known before, to try the next one. */
function reachable(url: string, timeoutMs: number): Promise<void> {
  const { hostname, port, protocol } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const socket = net.connect({
    host,
    port: port === '' ? (protocol === 'ldaps:' ? 636 : 389) : Number(port),
  });
  return new Promise((resolve, reject) => {
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error(`${url} does not answer`)));
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
    socket.once('error', reject);
  });
}

/** A connection is made once: see the head of this file. */
function once<F extends (...args: never[]) => unknown>(connect: F): F {
  let isUsed = false;
  return ((...args: never[]) => {
    if (isUsed) throw new Error('the connection to the directory has ended');
    isUsed = true;
    return connect(...args);
  }) as F;
}

/** The server could not answer; another one may. What it answered, however displeasing, is an answer. */
function isOutage(error: unknown): boolean {
  if (error instanceof BusyError || error instanceof UnavailableError) return true;
  return !(error instanceof ResultCodeError);
}

async function close(client: Client): Promise<void> {
  await client.unbind().catch(() => {});
}
