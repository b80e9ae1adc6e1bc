import { ACCOUNT_SOURCES, PASSWORD_SOURCES } from '../contracts/accounts.js';
import type { Contract } from '../di.js';
import { CLOCK, CONFIG, HOST, LOGGER, MESSAGE_BUS } from '../kernel/index.js';
import { type Given, type Own, type Part, starting } from '../plugin.js';
import { folderKey } from '../sasl/folder-key.js';
import { type OutsideAccounts, OutsideSource } from './outside-source.js';

/**
 * The part that a plugin for accounts of an outside system is: an `OutsideSource` among the sources of accounts and passwords.
 * The plugin's configuration says `cacheSeconds`. Nothing is asked yet: a system that is down must not keep the others' mail
 * from starting.
 * @param name `ldap`: what logs call it; its key is `accounts-ldap`. @param make makes it of what `needs` name.
 */
export function outsideAccounts<const N extends readonly Contract<unknown>[]>(
  name: string,
  needs: N,
  make: (...given: [...Given<N>, Own]) => OutsideAccounts,
): Part {
  return starting(
    [CONFIG, HOST, CLOCK, LOGGER, MESSAGE_BUS, ACCOUNT_SOURCES, PASSWORD_SOURCES, ...needs],
    (config, { dataDir }, clock, log, bus, accounts, passwords, ...rest) => {
      const own = rest.at(-1) as Own;
      const outside = make(...rest);
      const { cacheSeconds } = config as { readonly cacheSeconds: number };
      const key = folderKey(dataDir, `accounts-${name}`);
      const source = new OutsideSource(name, outside, { clock, log, bus, key, cacheSeconds });
      own(source.share());
      if (outside.find !== undefined) own(accounts.add(source));
      own(passwords.add(source));
    },
  );
}
