/** Opens the databases. One writing connection a file and store thread, one reading connection a file and process. */
import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import { StoreFolderError } from '../errors.js';
import { APPLICATION_ID, FORMAT_VERSION } from './schema.js';

export type Db = Database.Database;

/** Opening waits for another process's recovery of the WAL (SQLITE_BUSY_RECOVERY); nothing else waits on the main thread. */
const OPEN_TIMEOUT_MS = 5000;
/** Pages of WAL before the store thread moves them into the database. */
const CHECKPOINT_PAGES = 2000;

/**
 * Creates the database when absent; checks whose it is. Any number of processes may do this at once.
 * @param additions by table: what later versions added to the schema, made where it is missing.
 * @throws StoreFolderError for files of others and of newer versions.
 */
export function prepareDatabase(
  path: string,
  schema: string,
  additions: Readonly<Record<string, string>> = {},
): void {
  const db = connect(path, { timeout: OPEN_TIMEOUT_MS });
  try {
    guarded(path, () => {
      db.pragma('journal_mode = WAL');
      db.pragma('synchronous = FULL');
    });
    db.transaction(() => {
      const application = Number(db.pragma('application_id', { simple: true }));
      const tables = Number(db.prepare('SELECT count(*) FROM sqlite_master').pluck().get());
      if (application === 0 && tables === 0) {
        db.exec(schema);
        db.pragma(`application_id = ${APPLICATION_ID}`);
        db.pragma(`user_version = ${FORMAT_VERSION}`);
      } else checkOwner(path, application, Number(db.pragma('user_version', { simple: true })));
      const table = db.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?");
      for (const [name, addition] of Object.entries(additions)) {
        if (table.get(name) === undefined) db.exec(addition);
      }
    }).immediate();
  } finally {
    db.close();
  }
}

function checkOwner(path: string, application: number, version: number): void {
  if (application !== APPLICATION_ID) {
    throw new StoreFolderError(
      `${path} is a database of another program; move it away or choose another data folder`,
    );
  }
  if (version > FORMAT_VERSION) {
    throw new StoreFolderError(
      `${path} has format ${version}, this version of Angarium knows up to ${FORMAT_VERSION}: start the newer one`,
    );
  }
}

export function openWriter(path: string): Db {
  const db = connect(path, { fileMustExist: true, timeout: OPEN_TIMEOUT_MS });
  // CommitQueue syncs the WAL before it answers (see there): together that is FULL.
  db.pragma('synchronous = NORMAL');
  db.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
  db.pragma('cache_size = -16000');
  db.prepare('SELECT count(*) FROM sqlite_master').get();
  // From here on locks are waited for by timer, between batches.
  db.pragma('busy_timeout = 0');
  return db;
}

export function openReader(path: string): Db {
  const db = connect(path, { readonly: true, fileMustExist: true, timeout: OPEN_TIMEOUT_MS });
  db.pragma('cache_size = -16000');
  return db;
}

function connect(path: string, options: Database.Options): Db {
  try {
    return new Database(path, options);
  } catch (error) {
    throw folderError(path, error);
  }
}

function guarded(path: string, run: () => void): void {
  try {
    run();
  } catch (error) {
    throw folderError(path, error);
  }
}

function folderError(path: string, error: unknown): unknown {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  if (code === 'SQLITE_NOTADB') {
    return new StoreFolderError(
      `${path} is not a database of Angarium; move it away or choose another data folder`,
    );
  }
  if (code === 'SQLITE_READONLY' || code === 'SQLITE_CANTOPEN' || code === 'EACCES') {
    const what = existsSync(path) ? 'cannot be opened for writing' : 'cannot be created';
    return new StoreFolderError(`${path} ${what}: check owner, permissions and disk (${code})`);
  }
  return error;
}
