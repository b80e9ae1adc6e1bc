import {
  ACCESS_POLICY,
  ACCOUNTS,
  type AccessPolicy,
  type Accounts,
  anonymousIdentity,
  CONFIG,
  Component,
  HOOKS,
  type HookBus,
  type Identity,
  INBOX_PROVISION,
  type InboxProvision,
  inject,
  injectable,
  injectOptional,
  isMailError,
  LOGGER,
  type Logger,
  MAIL_STORE,
  type MailboxEntry,
  type MailboxId,
  type MailboxName,
  type MailStore,
  mailboxKey,
  type Origin,
  ownerPolicy,
  PROVISION_STEPS,
  type ProvisionOccasion,
  type ProvisionStep,
  personalMailbox,
  QUOTA_LEDGER,
  type QuotaLedger,
  type Registry,
  sharedMailbox,
  splitUserId,
  type UserId,
} from '@angarium/sdk';
import type { AutocreateConfig, FolderConfig } from './config.js';
import { isListed } from './who.js';

/**
 * Everything a user gets is made before his INBOX, and every step leaves alone what is there already. So any number of workers may
 * do it at once, a crash in the middle is made good by the next login or mail, and an INBOX that is there is a promise that the
 * rest was.
 */
@injectable()
export class Autocreate extends Component implements InboxProvision {
  private readonly policy: AccessPolicy;
  private readonly folders: readonly FolderConfig[];
  /** Of this worker: a user with many connections is provided for once. */
  private readonly running = new Map<UserId, Promise<MailboxEntry>>();

  constructor(
    @inject(CONFIG) private readonly config: AutocreateConfig,
    @inject(MAIL_STORE) private readonly store: MailStore,
    @inject(ACCOUNTS) private readonly accounts: Accounts,
    @inject(HOOKS) private readonly hooks: HookBus,
    @inject(LOGGER) private readonly log: Logger,
    @inject(INBOX_PROVISION) private readonly provisions: Registry<InboxProvision>,
    @inject(PROVISION_STEPS) private readonly steps: Registry<ProvisionStep>,
    @injectOptional(ACCESS_POLICY) policy: AccessPolicy | undefined,
    @injectOptional(QUOTA_LEDGER) private readonly quotas: QuotaLedger | undefined,
  ) {
    super();
    this.policy = policy ?? ownerPolicy;
    this.folders = config.folders.map((folder) => (typeof folder === 'string' ? { name: folder } : folder));
    if ((config.quotaKiB > 0 || config.quotaMessages > 0) && quotas === undefined) {
      log.warn('no plugin keeps quotas: new INBOXes get no limit');
    }
  }

  override start(): void {
    this.own(this.provisions.add(this));
    if (!this.config.login) return;
    this.own(
      this.hooks.tap('auth.authorising', ({ isTrial }, identity) =>
        isTrial === true ? undefined : this.onLogin(identity),
      ),
    );
  }

  async wouldCreate(user: UserId, occasion: ProvisionOccasion): Promise<boolean> {
    return await this.mayHave(user, occasion, undefined);
  }

  async ensure(user: UserId, occasion: ProvisionOccasion, origin: Origin): Promise<MailboxEntry | undefined> {
    const found = await this.store.catalogue.find(personalMailbox(user));
    if (found !== undefined) return found;
    const admin = occasion === 'login' ? origin.identity.admin : undefined;
    if (!(await this.mayHave(user, occasion, admin))) return undefined;
    let running = this.running.get(user);
    if (running === undefined) {
      running = this.make(user, occasion, origin).finally(() => this.running.delete(user));
      this.running.set(user, running);
    }
    return await running;
  }

  /** A failure keeps nobody out: the next login tries again. */
  private async onLogin(identity: Identity): Promise<void> {
    if (identity.isAnonymous) return;
    const { user } = identity;
    try {
      await this.ensure(user, 'login', { identity, via: 'login', operation: 'AUTOCREATE' });
    } catch (error) {
      this.log.error('an INBOX could not be made at login', { user, err: error });
    }
  }

  private async mayHave(
    user: UserId,
    occasion: ProvisionOccasion,
    admin: Identity['admin'] | undefined,
  ): Promise<boolean> {
    const { login, post, users } = this.config;
    if (!(occasion === 'login' ? login : post)) return false;
    const account = await this.accounts.find(user);
    return account !== undefined && isListed(users, account, admin);
  }

  private async make(user: UserId, occasion: ProvisionOccasion, origin: Origin): Promise<MailboxEntry> {
    const name = personalMailbox(user);
    const quotaRoot = await this.limit(name);
    for (const step of [...this.steps.items].sort((a, b) => a.order - b.order)) {
      await step.run(user, occasion);
    }
    const owner: Identity = { ...anonymousIdentity, user, isAnonymous: false, mechanism: 'AUTOCREATE' };
    const acl = this.policy.initialAcl(owner, name, undefined);
    const options = { acl, ...(quotaRoot === undefined ? {} : { quotaRoot }) };
    // Folders take after the INBOX that is to come.
    const parent = futureEntry(name, acl, quotaRoot);
    for (const folder of this.folders) await this.makeFolder(owner, parent, folder, origin);
    await this.subscribeShared(user);
    await this.store.catalogue.subscribe(user, name);
    const entry = await this.createOrFind(name, options, origin);
    this.log.info('an INBOX was made', { user, occasion, folders: this.folders.length });
    return entry;
  }

  /** The quota root, when there is a limit. A limit that is there already is left as it is. */
  private async limit(name: MailboxName): Promise<string | undefined> {
    const { quotaKiB, quotaMessages } = this.config;
    if (this.quotas === undefined || (quotaKiB === 0 && quotaMessages === 0)) return undefined;
    const root = mailboxKey(name);
    if ((await this.quotas.limits(root)) === undefined) {
      await this.quotas.setLimits(root, {
        ...(quotaKiB > 0 ? { bytes: quotaKiB * 1024 } : {}),
        ...(quotaMessages > 0 ? { messages: quotaMessages } : {}),
      });
    }
    return root;
  }

  private async makeFolder(
    owner: Identity,
    inbox: MailboxEntry,
    folder: FolderConfig,
    origin: Origin,
  ): Promise<void> {
    const levels = folder.name.split('/').filter((level) => level !== '');
    let parent = inbox;
    for (let depth = 1; depth <= levels.length; depth++) {
      const name: MailboxName = { ...inbox.name, path: levels.slice(0, depth) };
      const isLast = depth === levels.length;
      const acl = {
        ...this.policy.initialAcl(owner, name, parent),
        ...(isLast ? (folder.acl ?? {}) : {}),
      };
      const specialUse = isLast && folder.specialUse !== undefined ? [folder.specialUse] : [];
      const { quotaRoot } = inbox;
      const options = { acl, specialUse, ...(quotaRoot === undefined ? {} : { quotaRoot }) };
      parent = await this.createOrFind(name, options, origin);
    }
    const isWanted = folder.subscribe ?? this.config.subscribeFolders;
    if (isWanted && levels.length > 0) await this.store.catalogue.subscribe(owner.user, parent.name);
  }

  private async subscribeShared(user: UserId): Promise<void> {
    const { domain } = splitUserId(user);
    for (const text of this.config.subscribeShared) {
      const name = sharedMailbox(
        text.split('/').filter((level) => level !== ''),
        domain,
      );
      if ((await this.store.catalogue.find(name)) !== undefined) {
        await this.store.catalogue.subscribe(user, name);
      }
    }
  }

  private async createOrFind(
    name: MailboxName,
    options: Parameters<MailStore['catalogue']['create']>[1],
    origin: Origin,
  ): Promise<MailboxEntry> {
    const { catalogue } = this.store;
    for (let tries = 1; ; tries++) {
      const found = await catalogue.find(name);
      if (found !== undefined) return found;
      try {
        return await catalogue.create(name, options, origin);
      } catch (error) {
        // Another worker was faster; that it is gone again at once happens to nobody twice.
        if (!isMailError(error) || error.code !== 'ALREADYEXISTS' || tries === 3) throw error;
      }
    }
  }
}

/** What an AccessPolicy needs to know of an INBOX that is not there yet. */
function futureEntry(
  name: MailboxName,
  acl: Readonly<Record<string, string>>,
  quotaRoot: string | undefined,
): MailboxEntry {
  return {
    id: '' as MailboxId,
    name,
    uidValidity: 0,
    partition: '',
    acl,
    quotaRoot,
    specialUse: [],
    sharedSeen: false,
    attributes: {},
    createdMs: 0,
  };
}
