/** Entry of the store thread: requests in, replies and changes out, gathered per turn. */
import { parentPort, workerData } from 'node:worker_threads';
import { errorToValue } from '../errors.js';
import type { Change, Request, ThreadMessage, ThreadSettings } from './protocol.js';
import { Writer } from './writer.js';

interface Reply {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: ReturnType<typeof errorToValue>;
}

const port = parentPort;
if (port === null) throw new Error('the store thread has no parent');
const send = (message: ThreadMessage): void => port.postMessage(message);

let replies: Reply[] = [];
let changes: Change[] = [];
let isScheduled = false;

function flushSoon(): void {
  if (isScheduled) return;
  isScheduled = true;
  // After all promises that are settled now.
  process.nextTick(() => {
    isScheduled = false;
    const message: ThreadMessage = { kind: 'replies', replies, changes };
    replies = [];
    changes = [];
    send(message);
  });
}

function open(): Writer | undefined {
  try {
    const writer = new Writer({
      settings: workerData as ThreadSettings,
      log: (level, text, error) =>
        send({ kind: 'log', level, text, reason: errorToValue(error).reason ?? String(error) }),
      tell: (change) => {
        changes.push(change);
        flushSoon();
      },
    });
    send({ kind: 'ready' });
    return writer;
  } catch (error) {
    send({ kind: 'failed', error: errorToValue(error) });
    return undefined;
  }
}

const writer = open();

async function execute({ id, name, input }: Request): Promise<void> {
  if (writer === undefined) return;
  try {
    const value = await writer.execute(name, input as never);
    replies.push({ id, value });
  } catch (error) {
    replies.push({ id, error: errorToValue(error) });
  }
  flushSoon();
}

port.on('message', (message: readonly Request[] | 'close') => {
  if (message === 'close') {
    void (writer?.close() ?? Promise.resolve()).finally(() => port.close());
    return;
  }
  for (const request of message) void execute(request);
});
