import {
  type Account,
  type OutsideAccounts,
  type PasswordContext,
  type PasswordVerdict,
  splitUserId,
  type UserId,
  WorkQueue,
} from '@angarium/sdk';
import type { SaslauthdConfig } from './config.js';
import { ask, decodeAnswer, encodeQuestion } from './wire.js';

/** Checks that may wait; more are told to come again. */
const MAX_WAITING = 1000;

/** Whoever is asked for is there. */
async function assumed(user: UserId): Promise<Account> {
  return { user, displayName: undefined, groups: [], isDisabled: false, attributes: {} };
}

/** saslauthd, asked. */
export class Saslauthd implements OutsideAccounts {
  readonly find?: NonNullable<OutsideAccounts['find']>;
  private readonly queue: WorkQueue;

  constructor(private readonly config: SaslauthdConfig) {
    this.queue = new WorkQueue(config.maxConcurrent, MAX_WAITING);
    if (config.assumeAccounts) this.find = assumed;
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
