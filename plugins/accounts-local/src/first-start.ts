import { randomBytes } from 'node:crypto';
import { Component, HOST, type Host, inject, injectable, MANAGED_ACCOUNTS, userId } from '@angarium/sdk';
import type { LocalAccounts } from './local-accounts.js';

/** A server that starts with no account at all gets one, and says how to use it. Exactly one worker does this. */
@injectable()
export class FirstStart extends Component {
  constructor(
    @inject(HOST) private readonly host: Host,
    // This plugin's own provider: `createFirst` is no part of the contract.
    @inject(MANAGED_ACCOUNTS) private readonly accounts: LocalAccounts,
  ) {
    super();
  }

  override async start(): Promise<void> {
    if (this.host.role !== 'server') return;
    const password = randomBytes(12).toString('base64url');
    if (!(await this.accounts.createFirst(userId('admin'), password))) return;
    this.host.announce(
      [
        'This is a first start: an account has been made for you.',
        '',
        '    user      admin',
        `    password  ${password}`,
        '',
        'Log in with any mail program; `angarium status` shows the ports. What to try next:',
        '',
        '    angarium users passwd admin       choose a password of your own',
        '    angarium users add fred           somebody to receive mail',
        '    angarium users list',
      ].join('\n'),
    );
  }
}
