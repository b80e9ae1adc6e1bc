/**
 * The control socket `run/control.sock`: JSON lines, one request a line, answered by one line. It is also the
 * lock of the data folder: who can bind it owns the folder, and a file that nobody answers on is left over from
 * a server that was killed. Only the server's own user may connect.
 */
import { chmod, rename, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { isAnswering } from '../connections/listener.js';
import type { Problem } from '../errors.js';
import type { BusLine } from './ipc.js';

export type ControlRequest =
  | { readonly op: 'hello' | 'status' | 'stats' | 'reload' }
  /** Lines for all workers. */
  | { readonly op: 'publish'; readonly lines: readonly BusLine[] }
  /** As publish, and from now on gets what the workers publish, as `{"bus":[…]}` lines. */
  | { readonly op: 'join' };

export interface ControlReply {
  readonly ok: boolean;
  readonly value?: unknown;
  readonly error?: string;
  readonly problems?: readonly Problem[];
}

export type ControlHandler = (request: ControlRequest, peer: ControlPeer) => Promise<ControlReply>;

/** A process on the other end that may stay for messages. */
export interface ControlPeer {
  isMember: boolean;
  send(line: object): void;
}

/** Who serves, as `hello` tells. */
export interface ServerIdentity {
  readonly pid: number;
  readonly version: string;
}

/** The system's limit for the path of a unix socket. */
const maxPathBytes = 107;
const maxLineChars = 1024 * 1024;
const helloTimeoutMs = 2_000;

/** Somebody else serves this data folder. */
export class AlreadyServingError extends Error {
  override readonly name = 'AlreadyServingError';
  constructor(
    readonly pid: number | undefined,
    dataDir: string,
  ) {
    const who = pid === undefined ? 'another server' : `the server with pid ${pid}`;
    super(`${dataDir} is in use by ${who}; one server at a time may serve a data folder`);
  }
}

export class ControlServer {
  private readonly peers = new Set<ControlPeer>();
  private readonly sockets = new Set<Socket>();
  private constructor(
    private readonly server: Server,
    private readonly path: string,
  ) {}

  /** Binds the socket. @throws AlreadyServingError */
  static async open(path: string, dataDir: string, handle: ControlHandler): Promise<ControlServer> {
    if (Buffer.byteLength(path) > maxPathBytes) {
      throw new Error(
        `${path} is longer than the ${maxPathBytes} bytes a socket's path may have: use a shorter data folder`,
      );
    }
    await takeOver(path, dataDir);
    const server = createServer();
    const control = new ControlServer(server, path);
    server.on('connection', (socket) => control.serve(socket, handle));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ path }, resolve);
    }).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') throw error;
      throw new AlreadyServingError(await pidOf(path), dataDir);
    });
    await chmod(path, 0o600);
    return control;
  }

  /** To all that have joined. */
  publish(lines: readonly BusLine[], except?: ControlPeer): void {
    for (const peer of this.peers) {
      if (peer.isMember && peer !== except) peer.send({ bus: lines });
    }
  }

  async close(): Promise<void> {
    this.server.close();
    for (const socket of this.sockets) socket.end();
    await rm(this.path, { force: true });
  }

  private serve(socket: Socket, handle: ControlHandler): void {
    const peer: ControlPeer = {
      isMember: false,
      send: (line) => void (socket.writable && socket.write(`${JSON.stringify(line)}\n`)),
    };
    this.sockets.add(socket);
    this.peers.add(peer);
    socket.on('error', () => {});
    socket.on('close', () => {
      this.sockets.delete(socket);
      this.peers.delete(peer);
    });
    readLines(socket, async (line) => peer.send(await answer(line, peer, handle)));
  }
}

async function answer(line: string, peer: ControlPeer, handle: ControlHandler): Promise<ControlReply> {
  try {
    return await handle(JSON.parse(line) as ControlRequest, peer);
  } catch (error) {
    return { ok: false, error: error instanceof Error ? error.message : String(error) };
  }
}

function readLines(socket: Socket, onLine: (line: string) => void): void {
  let held = '';
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    held += chunk;
    const lines = held.split('\n');
    held = lines.pop() ?? '';
    for (const line of lines) if (line !== '') onLine(line);
    if (held.length > maxLineChars) socket.destroy();
  });
}

/**
 * Takes away the socket of a dead server. It is moved aside first and looked at again there, so that of two
 * servers starting at once none can take away the other's new socket.
 */
async function takeOver(path: string, dataDir: string): Promise<void> {
  if (await isAnswering(path)) throw new AlreadyServingError(await pidOf(path), dataDir);
  const aside = `${path}.${process.pid}`;
  try {
    await rename(path, aside);
  } catch {
    return;
  }
  if (await isAnswering(aside)) {
    await rename(aside, path);
    throw new AlreadyServingError(await pidOf(path), dataDir);
  }
  await rm(aside, { force: true });
}

async function pidOf(path: string): Promise<number | undefined> {
  try {
    const reply = await askServer(path, { op: 'hello' }, helloTimeoutMs);
    return (reply?.value as ServerIdentity | undefined)?.pid;
  } catch {
    return undefined;
  }
}

/** Undefined: no server runs here. @throws Error when it does not answer in time. */
export async function askServer(
  path: string,
  request: ControlRequest,
  timeoutMs: number,
): Promise<ControlReply | undefined> {
  const socket = connect(path);
  const isConnected = await new Promise<boolean>((resolve, reject) => {
    socket.once('connect', () => resolve(true));
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') resolve(false);
      else reject(error);
    });
  });
  if (!isConnected) return undefined;
  socket.on('error', () => {});
  const timer = setTimeout(() => socket.destroy(), timeoutMs);
  try {
    socket.write(`${JSON.stringify(request)}\n`);
    for await (const line of createInterface({ input: socket })) return JSON.parse(line) as ControlReply;
    throw new Error('the server did not answer');
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}
