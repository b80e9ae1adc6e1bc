/** Prepared statements by their text, once a connection. Three forms, since a statement's form is part of its state. */
import type Database from 'better-sqlite3';
import type { Db } from './open.js';

type Statement = Database.Statement<unknown[]>;

const caches = new WeakMap<Db, Map<string, Statement>>();

function cached(db: Db, form: 'object' | 'pluck' | 'raw', text: string): Statement {
  let cache = caches.get(db);
  if (cache === undefined) {
    cache = new Map();
    caches.set(db, cache);
  }
  const key = `${form} ${text}`;
  let statement = cache.get(key);
  if (statement === undefined) {
    statement = db.prepare(text);
    if (form === 'pluck') statement.pluck();
    if (form === 'raw') statement.raw();
    cache.set(key, statement);
  }
  return statement;
}

/** Rows as objects, or no rows. */
export function sql(db: Db, text: string): Statement {
  return cached(db, 'object', text);
}

/** The first column. */
export function pluck(db: Db, text: string): Statement {
  return cached(db, 'pluck', text);
}

/** Rows as arrays. */
export function raw(db: Db, text: string): Statement {
  return cached(db, 'raw', text);
}
