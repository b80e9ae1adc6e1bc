/**
 * Quota roots: where they are, what they allow, which mailboxes they count.
 *
 * The limits of a root that is a mailbox are an attribute of the mailbox, written in the same commit as its quotaRoot:
 * they move with a rename, go with a deletion, come back with an undelete, and are in the packs' journal. Roots that are
 * no mailbox (a domain, a name that is not there yet) are records. Each mailbox names the nearest root in its entry,
 * and only that root counts it, as in Cyrus; the store counts by that name. Whatever changes which root is the nearest
 * (limits set or removed, rename, delete, undelete) is followed by `assign`, which can be repeated: `quota -f` does.
 */
import {
  CONFIG,
  Component,
  inject,
  injectable,
  isMailError,
  MAIL_STORE,
  type MailboxEntry,
  type MailboxName,
  type MailStore,
  mailboxFromKey,
  mailboxKey,
  parentOf,
  type QuotaLedger,
  type QuotaLimits,
  type QuotaUsage,
  RECORDS,
  type RecordSpace,
  type Records,
} from '@angarium/sdk';
import { limitsOf, type QuotaConfig } from './config.js';
import { decodeLimits, encodeLimits } from './resources.js';

/** Of a mailbox that is a root. */
export const LIMITS_ATTRIBUTE = 'quota:limits';
/** Instead of limits: those that the manifest gives to users of the domain, whatever they are at the time. */
export const DEFAULT_LIMITS = 'default';

const RECORD_PREFIX = 'root:';
/** Mailboxes changed at once; their commits are grouped. */
export const AT_ONCE = 200;
const FEW = 20;

/** A mailbox that was counted by another root than the nearest. */
export interface Reassigned {
  readonly mailbox: MailboxName;
  readonly from: string | undefined;
  readonly to: string | undefined;
}

/** The root of a whole domain. */
export function domainRoot(domain: string | undefined): MailboxName {
  return domain === undefined ? { path: [] } : { domain, path: [] };
}

export function isDomainRoot({ owner, path }: MailboxName): boolean {
  return owner === undefined && path.length === 0;
}

/** The names whose roots would count it, nearest first. */
function* rootNamesFor(name: MailboxName): Generator<MailboxName> {
  for (let up: MailboxName | undefined = name; up !== undefined; up = parentOf(up)) yield up;
  if (!isDomainRoot(name)) yield domainRoot(name.domain);
}

@injectable()
export class Ledger extends Component implements QuotaLedger {
  private readonly records: RecordSpace;

  constructor(
    @inject(CONFIG) private readonly config: QuotaConfig,
    @inject(MAIL_STORE) readonly store: MailStore,
    @inject(RECORDS) records: Records,
  ) {
    super();
    this.records = records.space('quota');
  }

  async rootsOf(mailbox: MailboxEntry): Promise<readonly string[]> {
    return mailbox.quotaRoot === undefined ? [] : [mailbox.quotaRoot];
  }

  async limits(root: string): Promise<QuotaLimits | undefined> {
    const name = mailboxFromKey(root);
    if (!isDomainRoot(name)) {
      const entry = await this.store.catalogue.find(name);
      const limits = entry === undefined ? undefined : this.limitsOfEntry(entry);
      if (limits !== undefined) return limits;
    }
    const record = await this.records.get(undefined, RECORD_PREFIX + root);
    if (record !== undefined) return decodeLimits(Buffer.from(record).toString()) ?? {};
    return isDomainRoot(name) ? limitsOf(this.config.domains[name.domain ?? '']?.total) : undefined;
  }

  /** Undefined: it is no root. */
  limitsOfEntry({ name, attributes }: MailboxEntry): QuotaLimits | undefined {
    const text = attributes[LIMITS_ATTRIBUTE];
    if (text === undefined) return undefined;
    if (text === DEFAULT_LIMITS) return this.defaultsFor(name) ?? {};
    return decodeLimits(text) ?? {};
  }

  /** What the manifest gives to the INBOX of a new user. */
  defaultsFor({ domain, owner, path }: MailboxName): QuotaLimits | undefined {
    if (owner === undefined || path.length > 0) return undefined;
    return limitsOf(this.config.domains[domain ?? '']?.user) ?? limitsOf(this.config.user);
  }

  async setLimits(root: string, limits: QuotaLimits | undefined): Promise<void> {
    const { catalogue } = this.store;
    const name = mailboxFromKey(root);
    const entry = isDomainRoot(name) ? undefined : await catalogue.find(name);
    const text = limits === undefined ? undefined : encodeLimits(limits);
    if (entry !== undefined) {
      const attributes = { [LIMITS_ATTRIBUTE]: text };
      // With limits the root counts itself from the same commit on.
      await catalogue.change(
        entry.id,
        limits === undefined ? { attributes } : { attributes, quotaRoot: root },
      );
    }
    const record = entry === undefined && text !== undefined ? Buffer.from(text) : undefined;
    await this.records.write(undefined, [{ key: RECORD_PREFIX + root, value: record }]);
    await this.assignBelow(name);
    // What was made meanwhile below a mailbox whose turn had not come took over that one's old root.
    await this.assignBelow(name);
  }

  usage(root: string): Promise<QuotaUsage> {
    return this.store.usage(root);
  }

  async hasRoom(mailbox: MailboxEntry, bytes: number, messages: number): Promise<boolean> {
    const root = mailbox.quotaRoot;
    const limits = root === undefined ? undefined : await this.limits(root);
    if (root === undefined || limits === undefined) return true;
    if (limits.bytes === undefined && limits.messages === undefined) return true;
    const used = await this.store.usage(root);
    return (
      used.bytes + bytes <= (limits.bytes ?? Number.POSITIVE_INFINITY) &&
      used.messages + messages <= (limits.messages ?? Number.POSITIVE_INFINITY)
    );
  }

  /** The nearest root of a mailbox of this name, there or not. The next mailbox up knows its own: the rest is not walked. */
  async nearestRoot(name: MailboxName): Promise<string | undefined> {
    for (const candidate of rootNamesFor(name)) {
      const key = mailboxKey(candidate);
      const entry = isDomainRoot(candidate) ? undefined : await this.store.catalogue.find(candidate);
      if (entry !== undefined)
        return entry.attributes[LIMITS_ATTRIBUTE] === undefined ? entry.quotaRoot : key;
      if ((await this.limits(key)) !== undefined) return key;
    }
    return undefined;
  }

  /** Puts a mailbox that is new there under its nearest root, given that those above are under theirs. */
  async place(entry: MailboxEntry): Promise<void> {
    if (await this.adopt(entry)) return;
    const { name, attributes, quotaRoot } = entry;
    const isRoot = attributes[LIMITS_ATTRIBUTE] !== undefined;
    const above = parentOf(name) ?? domainRoot(name.domain);
    const to = isRoot ? mailboxKey(name) : await this.nearestRoot(above);
    if (to !== quotaRoot) await this.count({ entry, to });
  }

  /** Mailboxes at and below `top` (a domain root: all of the domain) are counted by their nearest root. */
  async assignBelow(top: MailboxName, isDry = false): Promise<readonly Reassigned[]> {
    const query = isDomainRoot(top) ? { domain: top.domain ?? '' } : { below: top };
    const entries = await this.store.catalogue.list(query);
    return await this.assign(entries, isDry);
  }

  async assign(entries: readonly MailboxEntry[], isDry = false): Promise<readonly Reassigned[]> {
    // Of few mailboxes few names are asked for; there may be a root for each of many domains.
    const all = entries.length > FEW ? new Set(await this.recordedRoots()) : undefined;
    const isRecorded = async (root: string): Promise<boolean> =>
      all?.has(root) ?? (await this.records.get(undefined, RECORD_PREFIX + root)) !== undefined;
    const isRoot = async (name: MailboxName): Promise<boolean> => {
      if (await isRecorded(mailboxKey(name))) return true;
      if (isDomainRoot(name)) return limitsOf(this.config.domains[name.domain ?? '']?.total) !== undefined;
      return (await this.store.catalogue.find(name))?.attributes[LIMITS_ATTRIBUTE] !== undefined;
    };
    const wrong: { readonly entry: MailboxEntry; readonly to: string | undefined }[] = [];
    const settled = new Map<string, string | undefined>();
    for (const entry of entries) {
      const nearest = await nearestAmong(entry.name, settled, isRoot);
      if (nearest !== entry.quotaRoot) wrong.push({ entry, to: nearest });
    }
    if (!isDry) {
      for (let from = 0; from < wrong.length; from += AT_ONCE)
        await Promise.all(wrong.slice(from, from + AT_ONCE).map((each) => this.count(each)));
    }
    return wrong.map(({ entry, to }) => ({ mailbox: entry.name, from: entry.quotaRoot, to }));
  }

  /** A root that was there before its mailbox becomes the mailbox's own, so that it goes where that goes. */
  async adopt({ name }: MailboxEntry): Promise<boolean> {
    const root = mailboxKey(name);
    const record = await this.records.get(undefined, RECORD_PREFIX + root);
    if (record === undefined) return false;
    await this.setLimits(root, decodeLimits(Buffer.from(record).toString()) ?? {});
    return true;
  }

  /** Roots, in key order: mailboxes, then names without a mailbox, domains of the manifest included. */
  async roots(entries: readonly MailboxEntry[]): Promise<readonly string[]> {
    const roots = new Set<string>();
    for (const { name, attributes } of entries)
      if (attributes[LIMITS_ATTRIBUTE] !== undefined) roots.add(mailboxKey(name));
    for (const root of await this.recordedRoots()) roots.add(root);
    for (const [domain, { total }] of Object.entries(this.config.domains))
      if (limitsOf(total) !== undefined) roots.add(mailboxKey(domainRoot(domain)));
    return [...roots].sort();
  }

  /** Those that are kept as records. */
  async recordedRoots(): Promise<readonly string[]> {
    const roots: string[] = [];
    for (let after: string | undefined; ; ) {
      const query = { prefix: RECORD_PREFIX, ...(after === undefined ? {} : { after }) };
      const rows = await this.records.list(undefined, query);
      if (rows.length === 0) return roots;
      for (const { key } of rows) roots.push(key.slice(RECORD_PREFIX.length));
      after = rows.at(-1)!.key;
    }
  }

  private async count({ entry, to }: { entry: MailboxEntry; to: string | undefined }): Promise<void> {
    try {
      await this.store.catalogue.change(entry.id, { quotaRoot: to });
    } catch (error) {
      // Deleted meanwhile: it counts nowhere.
      if (!isMailError(error) || error.code !== 'NONEXISTENT') throw error;
    }
  }
}

/** Walks up to what is known already, and remembers for all on the way. */
async function nearestAmong(
  name: MailboxName,
  settled: Map<string, string | undefined>,
  isRoot: (name: MailboxName) => Promise<boolean>,
): Promise<string | undefined> {
  const passed: string[] = [];
  let nearest: string | undefined;
  for (const up of rootNamesFor(name)) {
    const key = mailboxKey(up);
    if (settled.has(key)) {
      nearest = settled.get(key);
      break;
    }
    passed.push(key);
    if (!(await isRoot(up))) continue;
    nearest = key;
    break;
  }
  for (const key of passed) settled.set(key, nearest);
  return nearest;
}
