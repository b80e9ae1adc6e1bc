/** Accounts, groups and passwords of an LDAP directory. */
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
} from '@angarium/sdk';
import type { LdapConfig } from './config.js';
import { LdapDirectory } from './directory.js';
import { Servers } from './servers.js';

function directory(
  config: LdapConfig,
  { dataDir }: Host,
  log: Logger,
  accounts: Accounts,
  own: Own,
): LdapDirectory {
  const { tlsAuthority } = config;
  const authority = tlsAuthority === undefined ? {} : { tlsAuthority: resolve(dataDir, tlsAuthority) };
  const servers = own(new Servers({ ...config, ...authority }));
  return new LdapDirectory(servers, config, log, (name) => accounts.normalise(name));
}

export default definePlugin({
  parts: [outsideAccounts('ldap', [CONFIG, HOST, LOGGER, ACCOUNTS], directory)],
});
