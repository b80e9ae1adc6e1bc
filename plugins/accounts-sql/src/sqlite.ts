import BetterSqlite from 'better-sqlite3';
import { type Database, type Parameters, type Query, type Row, valuesOf } from './query.js';

/** How long to wait for somebody who is writing; readers of a database in WAL mode never do. */
const BUSY_TIMEOUT_MS = 250;

/** Opened when it is first asked, so that a file that comes later is found. Look-ups by key are a matter of microseconds. */
export class Sqlite implements Database {
  private opened: BetterSqlite.Database | undefined;
  private readonly statements = new Map<Query, BetterSqlite.Statement>();

  constructor(private readonly file: string) {}

  async rows(query: Query, parameters: Parameters): Promise<readonly Row[]> {
    try {
      const values = valuesOf(query, parameters).map((value, at) => [String(at + 1), value]);
      return this.statementOf(query).all(
        ...(values.length === 0 ? [] : [Object.fromEntries(values)]),
      ) as Row[];
    } catch (error) {
      // The file may have been replaced.
      await this[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.statements.clear();
    this.opened?.close();
    this.opened = undefined;
  }

  /** `?1` is what PostgreSQL calls `$1`; the library takes it for a name. */
  private statementOf(query: Query): BetterSqlite.Statement {
    let statement = this.statements.get(query);
    if (statement === undefined) {
      this.opened ??= new BetterSqlite(this.file, {
        readonly: true,
        fileMustExist: true,
        timeout: BUSY_TIMEOUT_MS,
      });
      statement = this.opened.prepare(query.text.replace(/\$(\d+)/g, '?$1'));
      this.statements.set(query, statement);
    }
    return statement;
  }
}
