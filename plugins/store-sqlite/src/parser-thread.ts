/** Entry of the thread that parses large messages. */
import { readFileSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { summarise } from '@angarium/sdk';
import type { ParseReply, ParseRequest } from './staging.js';

const port = parentPort;
if (port === null) throw new Error('the parser thread has no parent');

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

port.on('message', (request: ParseRequest & { readonly id: number }) => {
  let reply: ParseReply;
  try {
    const bytes = 'path' in request ? readFileSync(request.path) : asBuffer(request.bytes);
    const summary = summarise(bytes, { guid: asBuffer(request.guid), internalDateMs: 0, saveDateMs: 0 });
    reply = { id: request.id, summary };
  } catch (error) {
    reply = { id: request.id, problem: String(error) };
  }
  port.postMessage(reply);
});
