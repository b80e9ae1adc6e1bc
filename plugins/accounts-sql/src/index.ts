/** Accounts, groups and passwords of an SQL database. */
import { resolve } from 'node:path';
import {
  ACCOUNTS,
  type Accounts,
  CONFIG,
  definePlugin,
  HOST,
  type Host,
  LOGGER,
  type Logger,
  type Own,
  outsideAccounts,
  PASSWORD_SCHEMES,
  type PasswordSchemes,
} from '@angarium/sdk';
import type { SqlConfig } from './config.js';
import { SqlDirectory } from './directory.js';
import { Postgresql } from './postgresql.js';
import type { Database } from './query.js';
import { Sqlite } from './sqlite.js';

function directory(
  config: SqlConfig,
  { dataDir }: Host,
  log: Logger,
  accounts: Accounts,
  schemes: PasswordSchemes,
  own: Own,
): SqlDirectory {
  const database = own(open(config, dataDir, log));
  return new SqlDirectory(database, config, schemes, (name) => accounts.normalise(name));
}

function open({ postgresql, sqlite, timeoutSeconds }: SqlConfig, dataDir: string, log: Logger): Database {
  if (postgresql !== undefined) return new Postgresql(postgresql, timeoutSeconds, log);
  if (sqlite !== undefined) return new Sqlite(resolve(dataDir, sqlite.file));
  throw new Error('one of postgresql and sqlite must be there');
}

export default definePlugin({
  parts: [outsideAccounts('sql', [CONFIG, HOST, LOGGER, ACCOUNTS, PASSWORD_SCHEMES], directory)],
});
