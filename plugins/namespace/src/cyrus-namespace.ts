import {
  ACCOUNTS,
  type Accounts,
  CONFIG,
  type Identity,
  inject,
  injectable,
  injectOptional,
  type Namespace,
  type NamespaceView,
  personalMailbox,
  splitUserId,
} from '@angarium/sdk';
import { AdminView } from './admin-view.js';
import type { NamespaceConfig } from './config.js';
import { levelsOf, type Separator } from './levels.js';
import { Owners } from './owners.js';
import { AlternativeView, ClassicView } from './user-view.js';

/** Namespaces as Cyrus has them. */
@injectable()
export class CyrusNamespace implements Namespace {
  private readonly separator: Separator;
  private readonly owners: Owners;

  constructor(
    @inject(CONFIG) private readonly config: NamespaceConfig,
    @injectOptional(ACCOUNTS) accounts: Accounts | undefined,
  ) {
    this.separator = config.unixhierarchysep ? '/' : '.';
    this.owners = new Owners(accounts);
    checkPrefixes(config, this.separator);
  }

  view(identity: Identity): NamespaceView {
    const { separator, owners, config } = this;
    const { domain } = splitUserId(identity.user);
    const inbox = personalMailbox(identity.user);
    if (identity.admin !== 'none') return new AdminView(separator, inbox, owners);
    const own = identity.isAnonymous ? undefined : inbox;
    return config.altnamespace
      ? new AlternativeView(config, separator, own, domain, owners)
      : new ClassicView(separator, own, domain, owners, config);
  }
}

/** @throws Error for prefixes that are no single level, or not different. */
function checkPrefixes(config: NamespaceConfig, separator: Separator): void {
  const prefixes = [config.userprefix, config.sharedprefix, config.altprefix];
  for (const prefix of prefixes) {
    const [level, ...more] = levelsOf(prefix, separator);
    if (level !== prefix || more.length > 0)
      throw new Error(`the prefix "${prefix}" is no single level of a name`);
  }
  if (new Set(prefixes).size < prefixes.length)
    throw new Error('userprefix, sharedprefix and altprefix must differ');
}
