/**
 * The control socket `run/control.sock`: JSON lines, one request a line, answered by one line. Only the server's
 * own user may connect.
 */
import { chmod, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
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

/** The system's limit for the path of a unix socket. */
const maxPathBytes = 107;
const maxLineChars = 1024 * 1024;

/** The socket on which the server of a run folder answers. */
export function controlPath(runDir: string): string {
  return join(runDir, 'control.sock');
}

export class ControlServer {
  private readonly peers = new Set<ControlPeer>();
  private readonly sockets = new Set<Socket>();
  private constructor(
    private readonly server: Server,
    private readonly path: string,
  ) {}

  /** Binds the socket, in place of one that a dead server left. The caller holds the data folder's lock. */
  static async open(path: string, handle: ControlHandler): Promise<ControlServer> {
    if (Buffer.byteLength(path) > maxPathBytes) {
      throw new Error(
        `${path} is longer than the ${maxPathBytes} bytes a socket's path may have: use a shorter data folder`,
      );
    }
    await rm(path, { force: true });
    const server = createServer();
    const control = new ControlServer(server, path);
    server.on('connection', (socket) => control.serve(socket, handle));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ path }, resolve);
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
  return await new Promise((resolve, reject) => {
    const timer = setTimeout(() => socket.destroy(), timeoutMs);
    socket.on('error', () => {});
    socket.once('close', () => {
      clearTimeout(timer);
      reject(new Error('the server did not answer'));
    });
    readLines(socket, (line) => {
      resolve(JSON.parse(line) as ControlReply);
      socket.destroy();
    });
    socket.write(`${JSON.stringify(request)}\n`);
  });
}
