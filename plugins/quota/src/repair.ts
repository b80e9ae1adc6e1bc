/** `quota -f`: everything that a crash, a restore or a change of the manifest may have left behind. */
import { type MailboxName, mailboxFromKey, mailboxKey, type StoreRepair } from '@angarium/sdk';
import type { Scope } from './commands.js';
import { AT_ONCE, DEFAULT_LIMITS, isDomainRoot, type Ledger, LIMITS_ATTRIBUTE } from './ledger.js';

export class QuotaRepair {
  /** @param text of a name, for the operator */
  constructor(
    private readonly ledger: Ledger,
    private readonly repair: StoreRepair | undefined,
    private readonly text: (name: MailboxName) => string,
  ) {}

  /** Answers what was wrong, a line each, in Cyrus's words where it has some. */
  async run(scope: Scope, isDry: boolean): Promise<readonly string[]> {
    const lines = [...(await this.removeStray(scope, isDry)), ...(await this.addDefaults(scope, isDry))];
    const { ledger, text } = this;
    const entries = await ledger.store.catalogue.list(
      scope.domain === undefined ? {} : { domain: scope.domain },
    );
    const covered = entries.filter(({ name }) => scope.covers(name));
    for (const { mailbox, from, to } of await ledger.assign(covered, isDry)) {
      const rootText = (root: string | undefined) =>
        root === undefined ? '(none)' : text(mailboxFromKey(root));
      lines.push(`${text(mailbox)}: quota root ${rootText(from)} --> ${rootText(to)}`);
    }
    return [...lines, ...(await this.recount(scope, isDry))];
  }

  /** Roots of names without a mailbox go; those whose mailbox is there now become its attribute. */
  private async removeStray({ covers }: Scope, isDry: boolean): Promise<string[]> {
    const { ledger, text } = this;
    const lines: string[] = [];
    for (const root of await ledger.recordedRoots()) {
      const name = mailboxFromKey(root);
      if (isDomainRoot(name) || !covers(name)) continue;
      const isThere = (await ledger.store.catalogue.find(name)) !== undefined;
      if (!isThere) lines.push(`${text(name)}: removed`);
      if (!isDry) await ledger.setLimits(root, isThere ? await ledger.limits(root) : undefined);
    }
    return lines;
  }

  /** INBOXes made before the manifest had quotas for users. */
  private async addDefaults({ domain, covers }: Scope, isDry: boolean): Promise<string[]> {
    const { ledger, text } = this;
    const { catalogue } = ledger.store;
    const recorded = new Set(await ledger.recordedRoots());
    const entries = await catalogue.list(domain === undefined ? {} : { domain });
    const without = entries.filter(
      ({ name, attributes }) =>
        attributes[LIMITS_ATTRIBUTE] === undefined &&
        !recorded.has(mailboxKey(name)) &&
        covers(name) &&
        ledger.defaultsFor(name) !== undefined,
    );
    const attributes = { [LIMITS_ATTRIBUTE]: DEFAULT_LIMITS };
    for (let from = 0; !isDry && from < without.length; from += AT_ONCE) {
      await Promise.all(
        without
          .slice(from, from + AT_ONCE)
          .map(({ id, name }) => catalogue.change(id, { attributes, quotaRoot: mailboxKey(name) })),
      );
    }
    return without.map(({ name }) => `${text(name)}: quota of the manifest`);
  }

  private async recount({ covers }: Scope, isDry: boolean): Promise<string[]> {
    if (this.repair === undefined) return [];
    const lines: string[] = [];
    for (const { quotaRoot, was, is } of await this.repair.recountUsage({ isDry })) {
      const name = mailboxFromKey(quotaRoot);
      if (!covers(name)) continue;
      const root = this.text(name);
      if (was.bytes !== is.bytes) lines.push(`${root}: STORAGE usage was ${was.bytes}, now ${is.bytes}`);
      if (was.messages !== is.messages)
        lines.push(`${root}: MESSAGE usage was ${was.messages}, now ${is.messages}`);
    }
    return lines;
  }
}
