/**
 * The lock of a data folder: one server at a time. It is a lock of the operating system (through SQLite, since
 * Node has no call for it), so it ends with the process that holds it, however that ends; a file with a process
 * number would have to be believed or not.
 */
import { DatabaseSync } from 'node:sqlite';
import { disposable } from '@angarium/sdk';

/** Undefined: another process holds it. @throws Error when the file cannot be made. */
export function lockDataFolder(path: string): Disposable | undefined {
  const database = new DatabaseSync(path);
  try {
    database.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (error instanceof Error && 'errcode' in error && error.errcode === busy) return undefined;
    throw error;
  }
  return disposable(() => database.close());
}

/** SQLITE_BUSY */
const busy = 5;
