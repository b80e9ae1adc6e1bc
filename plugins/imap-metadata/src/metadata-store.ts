/** Entries of one mailbox, or of the server, as one user sees them: those that are kept, and those that plugins declare. */
import {
  CYRUS_ENTRIES,
  type MailboxEntry,
  MailError,
  type MetadataCall,
  type MetadataEntry,
  type Registry,
} from '@angarium/sdk';
import { type AskedEntry, canHaveValue, depthBelow, isPrivate } from './names.js';

/** Octets of a value. */
export type Value = Uint8Array;

/** How much a mailbox may have of it. */
export interface Limits {
  readonly maxValueBytes: number;
  readonly maxEntries: number;
}

/** RFC 5464 §4.3: why an entry was not set. */
export class MetadataRefused extends Error {
  override readonly name = 'MetadataRefused';
  constructor(
    readonly code: string,
    text: string,
  ) {
    super(text);
  }
}

export class MetadataStore {
  constructor(
    private readonly registry: Registry<MetadataEntry>,
    private readonly limits: Limits,
  ) {}

  declared(name: string, mailbox: MailboxEntry | undefined): MetadataEntry | undefined {
    const of = mailbox === undefined ? 'server' : 'mailbox';
    return this.registry.items.find((entry) => entry.name === name && entry.of === of);
  }

  /**
   * What was asked for by name comes always, undefined for none; what is deeper comes with a value only, but for a wildcard
   * whatever is declared comes too, as from Cyrus: `info` of cyradm shows by that what can be set. In the order asked.
   */
  async read(call: MetadataCall, asks: readonly AskedEntry[]): Promise<Map<string, Value | undefined>> {
    const found = new Map<string, Value | undefined>();
    const kept = await this.kept(
      call,
      asks.map(({ name }) => name),
    );
    for (const { name: asked, depth, isWild = false } of asks) {
      if (!isWild && !found.has(asked)) found.set(asked, await this.valueOf(call, asked, kept));
      if (depth === 0) continue;
      for (const name of this.below(call, asked, depth, kept, isWild)) {
        if (found.has(name)) continue;
        const value = await this.valueOf(call, name, kept);
        if (value !== undefined || isWild) found.set(name, value);
      }
    }
    return found;
  }

  /**
   * All or nothing, as far as it can be told before: everything is checked first. @throws MetadataRefused, MailError of who declares it
   */
  async write(call: MetadataCall, entries: ReadonlyMap<string, Value | undefined>): Promise<void> {
    const kept = {
      shared: new Map<string, Value | undefined>(),
      private: new Map<string, Value | undefined>(),
    };
    const effects: (() => Promise<void>)[] = [];
    for (const [name, value] of entries) {
      const declared = this.declared(name, call.mailbox);
      this.checkValue(name, value, declared);
      const text = value === undefined ? undefined : Buffer.from(value).toString();
      await declared?.check?.(text, call);
      if (declared?.write) effects.push(() => declared.write!(text, call));
      else (isPrivate(name) ? kept.private : kept.shared).set(name, value);
    }
    await this.checkCounts(call, kept.shared, undefined);
    await this.checkCounts(call, kept.private, call.identity.user);
    const { catalogue } = call.store;
    const id = call.mailbox?.id ?? 'server';
    for (const effect of effects) await effect();
    if (kept.shared.size > 0) await catalogue.setMetadata(id, undefined, kept.shared, call.origin);
    if (kept.private.size > 0) await catalogue.setMetadata(id, call.identity.user, kept.private, call.origin);
  }

  private checkValue(name: string, value: Value | undefined, declared: MetadataEntry | undefined): void {
    if (declared === undefined) {
      // What means something to this server is declared; the rest of its own tree means nothing.
      if (!canHaveValue(name) || name.startsWith(CYRUS_ENTRIES))
        throw new MailError('NOPERM', 'There is no such entry');
    }
    const { maxValueBytes } = this.limits;
    if (value !== undefined && value.length > maxValueBytes) {
      throw new MetadataRefused(`METADATA MAXSIZE ${maxValueBytes}`, 'The value is too big');
    }
  }

  private async checkCounts(
    call: MetadataCall,
    coming: ReadonlyMap<string, Value | undefined>,
    user: MetadataCall['identity']['user'] | undefined,
  ): Promise<void> {
    if (coming.size === 0) return;
    const there = await call.store.catalogue.metadata(call.mailbox?.id ?? 'server', user);
    let count = there.size;
    for (const [name, value] of coming) {
      if (value === undefined && there.has(name)) count--;
      else if (value !== undefined && !there.has(name)) count++;
    }
    if (count > there.size && count > this.limits.maxEntries)
      throw new MetadataRefused('METADATA TOOMANY', 'There are too many entries');
  }

  private async kept(call: MetadataCall, names: readonly string[]): Promise<ReadonlyMap<string, Value>> {
    const { catalogue } = call.store;
    const id = call.mailbox?.id ?? 'server';
    const shared = names.some((name) => !isPrivate(name));
    const own = names.some(isPrivate) && !call.identity.isAnonymous;
    const all = new Map(shared ? await catalogue.metadata(id, undefined) : []);
    if (own)
      for (const [name, value] of await catalogue.metadata(id, call.identity.user)) all.set(name, value);
    return all;
  }

  private async valueOf(
    call: MetadataCall,
    name: string,
    kept: ReadonlyMap<string, Value>,
  ): Promise<Value | undefined> {
    const declared = this.declared(name, call.mailbox);
    if (declared?.read === undefined) return kept.get(name);
    const text = await declared.read(call);
    return text === undefined ? undefined : Buffer.from(text);
  }

  private below(
    call: MetadataCall,
    top: string,
    depth: number,
    kept: ReadonlyMap<string, Value>,
    isWild: boolean,
  ): readonly string[] {
    const of = call.mailbox === undefined ? 'server' : 'mailbox';
    const declared = this.registry.items.filter(
      (entry) => entry.of === of && (isWild || entry.read !== undefined),
    );
    const names = new Set([...declared.map(({ name }) => name), ...kept.keys()]);
    return [...names]
      .filter((name) => {
        const below = depthBelow(name, top);
        return below > 0 && below <= depth;
      })
      .sort();
  }
}
