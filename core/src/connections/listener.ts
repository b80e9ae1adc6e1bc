/** One listening socket: TCP or unix. Accepted sockets become connections and go through the door. */
import { chmod, lstat, unlink } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { type ListenEntry, type PeerAddress, plainAddress } from '@angarium/sdk';

/** As ports.json tells it. */
export type BoundAddress =
  | { readonly address: string; readonly port: number; readonly tls: 'implicit' | 'starttls' | 'none' }
  | { readonly path: string };

/** What of a `listen` entry is left when the path is absolute and the port known. */
export interface ListenTarget {
  readonly service: string;
  readonly entry: ListenEntry;
  /** Absolute; undefined for TCP. */
  readonly path: string | undefined;
  readonly port: number;
}

/** The system's limit for the path of a unix socket, without the final NUL. */
const maxSocketPathBytes = 107;
/** Only the server's own user, unless the manifest says otherwise. */
const defaultSocketMode = 0o600;
const keepAliveDelayMs = 300_000;
const backlog = 511;
const unixPeer: PeerAddress = { address: 'unix', port: 0 };

export class ListenError extends Error {
  override readonly name = 'ListenError';
  constructor(
    text: string,
    readonly code: string | undefined,
  ) {
    super(text);
  }
}

export type SocketHandler = (socket: Socket, remote: PeerAddress, local: PeerAddress) => void;

/** Listens. @throws ListenError that says where, for which service, and why not. */
export async function listen(
  target: ListenTarget,
  onSocket: SocketHandler,
  onError: (error: Error) => void,
): Promise<Server> {
  const { path, port, entry } = target;
  const place = placeOf(target);
  if (path !== undefined && Buffer.byteLength(path) > maxSocketPathBytes) {
    throw new ListenError(`${place}: the path is longer than ${maxSocketPathBytes} bytes`, 'ENAMETOOLONG');
  }
  const mode = modeOf(entry);
  const server = createServer(
    {
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: path === undefined,
      keepAliveInitialDelay: keepAliveDelayMs,
    },
    (socket) => {
      if (path !== undefined) onSocket(socket, unixPeer, unixPeer);
      else acceptTcp(socket, onSocket);
    },
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(new ListenError(`${place}: ${reasonOf(error)}`, error.code));
    });
    if (path !== undefined) server.listen({ path }, resolve);
    else
      server.listen({ port, backlog, ...(entry.address !== undefined && { host: entry.address }) }, resolve);
  });
  server.removeAllListeners('error');
  server.on('error', onError);
  if (path !== undefined) await chmod(path, mode);
  return server;
}

/** Where a server listens. */
export function boundAddress(server: Server, target: ListenTarget): BoundAddress {
  if (target.path !== undefined) return { path: target.path };
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server does not listen on TCP');
  return { address: address.address, port: address.port, tls: target.entry.tls ?? 'starttls' };
}

/**
 * Takes away the socket file that a killed server left behind.
 * @throws ListenError when somebody listens there, or when it is no socket.
 */
export async function removeStaleSocket(path: string): Promise<void> {
  const stats = await lstat(path).catch(() => undefined);
  if (stats === undefined) return;
  if (!stats.isSocket()) throw new ListenError(`${path} exists and is no socket`, 'EEXIST');
  if (await isAnswering(path)) throw new ListenError(`${path} is in use by another process`, 'EADDRINUSE');
  await unlink(path).catch(() => {});
}

/** Does anybody accept connections on this unix socket? */
function isAnswering(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    // Anything but a refusal (no rights, full backlog) means that there may be a server.
    probe.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT');
    });
  });
}

function acceptTcp(socket: Socket, onSocket: SocketHandler): void {
  const { remoteAddress, remotePort, localAddress, localPort } = socket;
  // Gone already: it has no address any more.
  if (remoteAddress === undefined) {
    socket.destroy();
    return;
  }
  onSocket(
    socket,
    { address: plainAddress(remoteAddress), port: remotePort ?? 0 },
    { address: plainAddress(localAddress ?? ''), port: localPort ?? 0 },
  );
}

/** A file mode as the manifest writes it, `'0660'`. */
function modeOf(entry: ListenEntry): number {
  if (entry.mode === undefined) return defaultSocketMode;
  if (!/^0?[0-7]{3}$/.test(entry.mode)) {
    throw new ListenError(`mode "${entry.mode}" is no octal file mode as '0660'`, 'EINVAL');
  }
  return Number.parseInt(entry.mode, 8);
}

function placeOf({ service, entry, path, port }: ListenTarget): string {
  return `${service} cannot listen on ${path ?? `${entry.address ?? '*'} port ${port}`}`;
}

function reasonOf(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return 'the address is in use by another process';
    case 'EACCES':
      return 'permission denied (ports below 1024 need root or CAP_NET_BIND_SERVICE)';
    case 'EADDRNOTAVAIL':
      return 'this machine does not have the address';
    default:
      return error.message;
  }
}
