/** For whom something is kept that has no account to belong to. */
import {
  type Accounts,
  isMadeFor,
  type RecordSpace,
  type Registry,
  type UserBelongings,
  type UserId,
} from '@angarium/sdk';

/** Owners and notes that are read at a time. */
const PAGE = 500;

export interface Leaver {
  readonly user: UserId;
  /** Names of UserBelongings. */
  readonly kept: readonly string[];
  /** other-account: an account has the name, and is not the one that all this was made for. */
  readonly reason: 'no-account' | 'other-account';
  /** no-account: since when it is known, by the nightly look; undefined: not yet. */
  readonly sinceMs: number | undefined;
}

export class LeaverRegister {
  constructor(
    private readonly accounts: Pick<Accounts, 'find'>,
    private readonly belongings: Registry<UserBelongings>,
    /** By user: when he was first missed, in decimal digits. */
    private readonly notes: RecordSpace,
  ) {}

  /** Ascending by user. @throws MailError UNAVAILABLE: while a source cannot be asked, nobody has left. */
  async find(signal: AbortSignal): Promise<readonly Leaver[]> {
    const found = new Map<UserId, { kept: string[]; reason: Leaver['reason'] }>();
    for (const kind of this.belongings.items) {
      for (let after: UserId | undefined; ; ) {
        const page = await kind.owners({ limit: PAGE, ...(after === undefined ? {} : { after }) });
        for (const owner of page) {
          signal.throwIfAborted();
          const reason = await this.reasonOf(owner);
          if (reason === undefined) continue;
          found.set(owner.user, { reason, kept: [...(found.get(owner.user)?.kept ?? []), kind.name] });
        }
        after = page.at(-1)?.user;
        if (page.length < PAGE) break;
      }
    }
    const users = [...found].sort(([a], [b]) => (a < b ? -1 : 1));
    return Promise.all(
      users.map(async ([user, facts]) => ({ user, ...facts, sinceMs: await this.noteOf(user) })),
    );
  }

  /** All that is kept for him. */
  async remove(user: UserId): Promise<void> {
    for (const kind of this.belongings.items) await kind.remove(user);
    await this.notes.write(undefined, [{ key: user, value: undefined }]);
  }

  /** Who is missing is noted, who is back is forgotten. */
  async note(leavers: readonly Leaver[], nowMs: number): Promise<void> {
    const missing = new Set(leavers.filter(({ reason }) => reason === 'no-account').map(({ user }) => user));
    for (let after: string | undefined; ; ) {
      const page = await this.notes.list(undefined, {
        limit: PAGE,
        ...(after === undefined ? {} : { after }),
      });
      for (const { key } of page) {
        if (!missing.delete(key as UserId)) await this.notes.write(undefined, [{ key, value: undefined }]);
      }
      after = page.at(-1)?.key;
      if (page.length < PAGE) break;
    }
    for (const user of missing) {
      await this.notes.write(undefined, [{ key: user, value: Buffer.from(String(nowMs)) }]);
    }
  }

  private async reasonOf(
    owner: Awaited<ReturnType<UserBelongings['owners']>>[number],
  ): Promise<Leaver['reason'] | undefined> {
    const account = await this.accounts.find(owner.user);
    if (account === undefined) return 'no-account';
    return isMadeFor(account, owner) ? undefined : 'other-account';
  }

  private async noteOf(user: UserId): Promise<number | undefined> {
    const note = await this.notes.get(undefined, user);
    return note === undefined ? undefined : Number(Buffer.from(note).toString());
  }
}
