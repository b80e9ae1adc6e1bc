/** Which addresses are the user's (RFC 5230 §4.5). */
import { flattenAddresses, parseAddressList, type Recipient, splitUserId } from '@angarium/sdk';
import type { SieveMessage } from '../runtime/message.js';

export class OwnAddresses {
  private readonly own: ReadonlySet<string>;

  constructor(
    { address, user }: Recipient,
    more: readonly string[],
    private readonly separators: string,
  ) {
    const own = [address.address, ...more];
    if (user !== undefined) {
      const { local, domain } = splitUserId(user);
      if (domain !== undefined) own.push(`${local}@${domain}`);
      if (address.domain !== undefined) own.push(`${local}@${address.domain}`);
    }
    this.own = new Set(own.map((one) => this.plain(one)));
  }

  has(address: string): boolean {
    return this.own.has(this.plain(address));
  }

  /** Does the message say that it is for one of them? */
  areNamedIn(message: SieveMessage): boolean {
    const fields = ['to', 'cc', 'bcc', 'resent-to', 'resent-cc', 'resent-bcc'];
    return fields.some((name) =>
      message.rawValues(name).some((raw) => {
        const mailboxes = flattenAddresses(parseAddressList(raw));
        return mailboxes.some(({ mailbox, host }) => this.has(host === '' ? mailbox : `${mailbox}@${host}`));
      }),
    );
  }

  /** Without detail, quotes and case. */
  private plain(address: string): string {
    const at = address.lastIndexOf('@');
    const local = (at < 0 ? address : address.slice(0, at)).replace(/^"(.*)"$/, '$1');
    let end = 0;
    while (end < local.length && !this.separators.includes(local[end]!)) end++;
    const user = end === 0 ? local : local.slice(0, end);
    return `${user}${at < 0 ? '' : address.slice(at)}`.toLowerCase();
  }
}
