/** The message bus of a command that runs beside a server; without a server it reaches nobody. */
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Logger, MessageBus } from '@angarium/sdk';
import type { BusLine } from './ipc.js';
import { RelayBus } from './messages.js';

export interface ControlBus extends MessageBus, AsyncDisposable {}

/** Joins the server of this control socket. Dispose sends what is left and leaves. */
export async function joinServer(path: string, log: Logger): Promise<ControlBus> {
  const socket = await open(path);
  const relay = new RelayBus((lines) => socket?.write(`${JSON.stringify({ op: 'publish', lines })}\n`), log);
  if (socket !== undefined) {
    socket.on('error', () => {});
    // Only what listens keeps a command alive.
    socket.unref();
    socket.write(`${JSON.stringify({ op: 'join' })}\n`);
    createInterface({ input: socket }).on('line', (line) => {
      const { bus } = JSON.parse(line) as { readonly bus?: readonly BusLine[] };
      if (bus !== undefined) relay.receive(bus);
    });
  }
  return {
    publish: (topic, payload) => relay.publish(topic, payload),
    subscribe: (topic, listener) => relay.subscribe(topic, listener),
    async [Symbol.asyncDispose]() {
      relay.flush();
      if (socket === undefined || socket.destroyed) return;
      socket.ref();
      await new Promise<void>((resolve) => {
        socket.once('close', () => resolve());
        socket.end();
      });
    },
  };
}

function open(path: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(socket));
    socket.once('error', () => resolve(undefined));
  });
}
