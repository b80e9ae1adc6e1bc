/** The polite end of many connections: each session is told, and may finish what it does until the deadline. */
import type { Clock, Logger } from '@angarium/sdk';
import type { ClientConnection } from './connection.js';

export interface DrainOptions {
  /** From now. */
  readonly deadlineMs: number;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Between looks at who is still there. */
const lookMs = 25;

/** Resolves when all are gone. */
export async function drainConnections(
  connections: ReadonlySet<ClientConnection>,
  { deadlineMs, clock, log }: DrainOptions,
): Promise<void> {
  for (const connection of [...connections]) {
    connection.beginDrain((err) => log.error('drain listener failed', { connection: connection.id, err }));
  }
  const endMs = clock.monotonicMs() + deadlineMs;
  while (connections.size > 0 && clock.monotonicMs() < endMs) await clock.sleep(lookMs);
  if (connections.size === 0) return;
  log.info('cutting off clients that did not leave', { count: connections.size });
  for (const connection of [...connections]) connection.destroy(new Error('the server is stopping'));
  // Their close events come with the next turns.
  for (let look = 0; connections.size > 0 && look < 40; look++) await clock.sleep(lookMs);
}
