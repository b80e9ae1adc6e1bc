/**
 * Clients that the primary has handed to a worker which has not taken them yet. node:cluster's round robin keeps its own copy of
 * the socket until the worker says that it has it; when the worker dies first, nobody closes that copy, and the client waits for
 * a greeting that never comes. Here those copies are closed, so that the client (an MTA) tries again at once.
 * Read off lib/internal/cluster/{utils,round_robin_handle}.js of Node 24: a message `newconn` with `seq` goes out with the
 * handle, one with the same number as `ack` comes back.
 */
import type { ChildProcess } from 'node:child_process';

/** What the messages of node:cluster's own have; anything else passes unseen. */
interface ClusterMessage {
  readonly act?: unknown;
  readonly seq?: unknown;
  readonly ack?: unknown;
}

interface Closable {
  close(): void;
}

export function closeUnclaimed(worker: ChildProcess): void {
  const onTheWay = new Map<unknown, Closable>();
  const send = worker.send as (...args: unknown[]) => boolean;
  worker.send = (...args: unknown[]): boolean => {
    const [message, handle] = args as [ClusterMessage | null, Partial<Closable> | undefined];
    if (message?.act === 'newconn' && typeof handle?.close === 'function')
      onTheWay.set(message.seq, handle as Closable);
    return send.apply(worker, args);
  };
  // Whoever has been answered for is in node:cluster's hands again: it closes its copy, or hands it to somebody else.
  worker.on('internalMessage', (message: ClusterMessage | null) => {
    if (message?.ack !== undefined) onTheWay.delete(message.ack);
  });
  worker.once('exit', () => {
    for (const handle of onTheWay.values()) handle.close();
    onTheWay.clear();
  });
}
