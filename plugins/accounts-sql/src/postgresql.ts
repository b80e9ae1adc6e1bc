import { type Logger, WorkQueue } from '@angarium/sdk';
import { Pool } from 'pg';
import type { PostgresqlConfig } from './config.js';
import { type Database, type Parameters, type Query, type Row, valuesOf } from './query.js';

/** Questions that may wait for a connection; more are told to come again. */
const MAX_WAITING = 1000;

/** A few connections, made when they are needed, and again when the server has been away. */
export class Postgresql implements Database {
  private readonly pool: Pool;
  private readonly queue: WorkQueue;

  constructor(config: PostgresqlConfig, timeoutSeconds: number, log: Logger) {
    const { host, port, database, user, password, tls, maxConnections } = config;
    const timeoutMs = timeoutSeconds * 1000;
    this.queue = new WorkQueue(maxConnections, MAX_WAITING);
    this.pool = new Pool({
      host,
      port,
      database,
      user,
      ...(password === undefined ? {} : { password }),
      ssl: tls === 'off' ? false : { rejectUnauthorized: tls === 'on' },
      max: maxConnections,
      connectionTimeoutMillis: timeoutMs,
      query_timeout: timeoutMs,
      statement_timeout: timeoutMs,
      idleTimeoutMillis: 60_000,
      application_name: 'angarium',
    });
    // Of a connection that nobody is using: the next question gets a new one.
    this.pool.on('error', (err) => log.warn('a connection to PostgreSQL has ended', { err }));
  }

  rows(query: Query, parameters: Parameters): Promise<readonly Row[]> {
    return this.queue.run(async () => {
      const { rows } = await this.pool.query<Record<string, unknown>>(
        query.text,
        valuesOf(query, parameters),
      );
      return rows;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pool.end();
  }
}
