/**
 * Who holds it decides alone, among all processes of the data folder, what still fits under quota roots whose mailboxes
 * lie in several shards: no transaction covers those. It is the lock of an SQLite file in which nothing is ever
 * written, so that it costs no sync and goes with a process that dies.
 */
import Database from 'better-sqlite3';
import { isBusy } from '../errors.js';

export class RootLock {
  private db: Database.Database | undefined;
  private begin: Database.Statement | undefined;
  private commit: Database.Statement | undefined;
  private isHeld = false;

  constructor(private readonly path: string) {}

  /** False: another process has it. Taking it again changes nothing. */
  tryHold(): boolean {
    if (this.isHeld) return true;
    try {
      this.open().begin.run();
    } catch (error) {
      if (isBusy(error)) return false;
      throw error;
    }
    this.isHeld = true;
    return true;
  }

  release(): void {
    if (!this.isHeld) return;
    this.isHeld = false;
    this.commit!.run();
  }

  close(): void {
    this.db?.close();
    this.db = undefined;
    this.isHeld = false;
  }

  private open(): { begin: Database.Statement } {
    if (this.db === undefined || this.begin === undefined) {
      this.db = new Database(this.path, { timeout: 0 });
      this.begin = this.db.prepare('BEGIN EXCLUSIVE');
      this.commit = this.db.prepare('COMMIT');
    }
    return { begin: this.begin! };
  }
}
