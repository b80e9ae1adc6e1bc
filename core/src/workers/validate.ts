/**
 * Validates a manifest in a process of its own: a schema that never ends, or code that throws when loaded, then
 * costs the running server nothing.
 */
import { fork } from 'node:child_process';
import type { Problem } from '../errors.js';
import type { SentSource } from './ipc.js';

export interface Verdict {
  readonly ok: boolean;
  readonly problems: readonly Problem[];
}

const timeoutMs = 30_000;

/** Never throws: what goes wrong is a problem too. */
export function validateApart(source: SentSource): Promise<Verdict> {
  const child = fork(new URL('./validate-main.js', import.meta.url));
  child.send(source, () => {});
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      resolve(fault(`the manifest could not be validated within ${timeoutMs / 1000} s`));
    }, timeoutMs);
    child.once('message', (verdict) => {
      clearTimeout(timer);
      resolve(verdict as Verdict);
    });
    child.once('error', (error) => resolve(fault(error.message)));
    child.once('exit', (status, signal) => {
      clearTimeout(timer);
      resolve(fault(`the validation ended with ${signal ?? `status ${status}`}`));
    });
  });
}

function fault(text: string): Verdict {
  return { ok: false, problems: [{ text }] };
}
