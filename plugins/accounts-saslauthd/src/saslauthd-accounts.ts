import {
  ACCOUNT_SOURCES,
  type Account,
  type AccountSource,
  CLOCK,
  type Clock,
  CONFIG,
  Component,
  folderKey,
  HOST,
  type Host,
  inject,
  injectable,
  LOGGER,
  type Logger,
  MESSAGE_BUS,
  type MessageBus,
  type OutsideAccounts,
  OutsideSource,
  PASSWORD_SOURCES,
  type PasswordContext,
  type PasswordSource,
  type PasswordVerdict,
  type Registry,
  splitUserId,
  type UserId,
  WorkQueue,
} from '@angarium/sdk';
import type { SaslauthdConfig } from './config.js';
import { ask, decodeAnswer, encodeQuestion } from './wire.js';

/** Checks that may wait; more are told to come again. */
const MAX_WAITING = 1000;

/** saslauthd, asked. */
export class Saslauthd implements OutsideAccounts {
  private readonly queue: WorkQueue;

  constructor(private readonly config: SaslauthdConfig) {
    this.queue = new WorkQueue(config.maxConcurrent, MAX_WAITING);
  }

  async find(user: UserId): Promise<Account | undefined> {
    if (!this.config.assumeAccounts) return undefined;
    return { user, displayName: undefined, groups: [], isDisabled: false, attributes: {} };
  }

  /** It does not tell an unknown user from a wrong password. */
  async verify(user: UserId, password: string, { service }: PasswordContext): Promise<PasswordVerdict> {
    const { path, timeoutSeconds } = this.config;
    const question = encodeQuestion({
      ...this.nameOf(user),
      password,
      service: this.config.service || service,
    });
    if (question === undefined || password === '') return 'unknown';
    const answer = await this.queue.run(() => ask(path, question, timeoutSeconds * 1000));
    return decodeAnswer(answer) ? 'right' : 'unknown';
  }

  async explain(_user: UserId, verdict: PasswordVerdict): Promise<string | undefined> {
    return verdict === 'unknown' ? 'it says no: a wrong password, or nobody it knows' : undefined;
  }

  private nameOf(user: UserId): { readonly login: string; readonly realm: string } {
    const { realm } = this.config;
    const { local, domain = '' } = splitUserId(user);
    if (realm === 'none') return { login: user, realm: '' };
    return { login: local, realm: realm === 'domain' ? domain : realm };
  }
}

@injectable()
export class SaslauthdAccounts extends Component {
  constructor(
    @inject(CONFIG) private readonly config: SaslauthdConfig,
    @inject(HOST) private readonly host: Host,
    @inject(CLOCK) private readonly clock: Clock,
    @inject(LOGGER) private readonly log: Logger,
    @inject(MESSAGE_BUS) private readonly bus: MessageBus,
    @inject(ACCOUNT_SOURCES) private readonly accountSources: Registry<AccountSource>,
    @inject(PASSWORD_SOURCES) private readonly passwordSources: Registry<PasswordSource>,
  ) {
    super();
  }

  override start(): void {
    const { config, clock, log, bus } = this;
    const key = folderKey(this.host.dataDir, 'accounts-saslauthd');
    const options = { clock, log, bus, key, cacheSeconds: config.cacheSeconds };
    const source = new OutsideSource('saslauthd', new Saslauthd(config), options);
    this.own(source.share());
    if (config.assumeAccounts) this.own(this.accountSources.add(source));
    this.own(this.passwordSources.add(source));
  }
}
