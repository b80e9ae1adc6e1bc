/**
 * Control messages (RFC 5537 §5). They are filed in the group `control.TYPE`, or `control`, where there is one, else in
 * their own groups like any article. Whether one is carried out is decided by the rights of `newsmaster`, as Cyrus
 * documents it; for cancel and Supersedes a Cancel-Lock decides before those (RFC 8315).
 */
import {
  type AccessPolicy,
  type Identity,
  isMailError,
  type Logger,
  type MailboxEntry,
  type MailboxName,
  type MailStore,
  NumberSet,
  type Origin,
  parentOf,
  Right,
  SummaryView,
} from '@angarium/sdk';
import type { Group, Groups } from '../groups/groups.js';
import type { GroupNames } from '../groups/names.js';
import type { History, Place } from '../history/history.js';
import type { ArticleHeader } from '../post/header.js';
import type { Incoming } from '../post/intake.js';
import { groupNames } from '../post/rules.js';
import { storedField } from '../reading/stored-field.js';
import { fromWire, isMessageId } from '../text.js';
import { opens } from './cancel-lock.js';

export interface ControlEnvironment {
  readonly store: MailStore;
  readonly groups: Groups;
  readonly names: GroupNames;
  readonly access: AccessPolicy;
  readonly history: History;
  /** Whose rights decide. */
  readonly newsmaster: Identity;
  readonly log: Logger;
}

export class Control {
  constructor(private readonly environment: ControlEnvironment) {}

  /** Where a control message is filed; undefined: in its groups. */
  async placeOf(header: ArticleHeader): Promise<Group | undefined> {
    const [type = ''] = verb(header);
    if (!/^[a-z]{1,30}$/.test(type)) return undefined;
    const { groups } = this.environment;
    return (await groups.find(`control.${type}`)) ?? groups.find('control');
  }

  /** After it has been filed. What is not allowed is not done, and logged; nothing is said to the poster. */
  async carryOut({ header, messageId }: Incoming, session: string): Promise<void> {
    const [type, argument] = verb(header);
    const supersedes = header.get('supersedes');
    if (type === undefined && supersedes === undefined) return;
    const { newsmaster, log } = this.environment;
    const origin: Origin = { identity: newsmaster, via: 'nntp', session, operation: 'control' };
    try {
      const isDone = await this.execute(header, type ?? 'supersedes', argument ?? supersedes ?? '', origin);
      log.info(isDone ? 'control message carried out' : 'control message not carried out', {
        id: messageId,
        control: header.get('control') ?? `supersedes ${supersedes}`,
        session,
      });
    } catch (error) {
      log.warn('a control message failed', { id: messageId, session, err: error });
    }
  }

  private async execute(
    header: ArticleHeader,
    type: string,
    argument: string,
    origin: Origin,
  ): Promise<boolean> {
    if (type === 'cancel' || type === 'supersedes') return this.cancel(header, argument, origin);
    // RFC 5537 §5.2: group control messages need an Approved field.
    if (!header.has('approved')) return false;
    if (type === 'newgroup') return this.newGroup(argument, origin);
    return type === 'rmgroup' ? this.removeGroup(argument, origin) : false;
  }

  /** RFC 5537 §5.3. */
  private async cancel(header: ArticleHeader, id: string, origin: Origin): Promise<boolean> {
    const { history } = this.environment;
    if (!isMessageId(id)) return false;
    const seen = await history.look(id);
    if (seen.is === 'unknown') return this.refuseAhead(header, id);
    if (seen.is === 'busy') return false;
    const key = header.get('cancel-key') ?? '';
    let isDone = false;
    for (const place of seen.places) isDone = (await this.withdraw(place, id, key, origin)) || isDone;
    return isDone;
  }

  /** The cancel message has come first. */
  private async refuseAhead(header: ArticleHeader, id: string): Promise<boolean> {
    const { groups, history } = this.environment;
    const names = groupNames(header.groups());
    if (names.length === 0) return false;
    for (const name of names) {
      const group = await groups.find(name);
      if (group === undefined || !this.holds(group.entry, Right.deleteMessages)) return false;
    }
    await history.refuse(id);
    return true;
  }

  private async withdraw(place: Place, id: string, key: string, origin: Origin): Promise<boolean> {
    const { store, groups, history } = this.environment;
    const group = await groups.byId(place.mailbox);
    if (group === undefined) return false;
    const mailbox = store.mailbox(place.mailbox);
    const uids = NumberSet.of(place.uid);
    if ((await mailbox.snapshot()).indexOf(place.uid) < 0) return false;
    const lock = await this.lockOf(place);
    const isAllowed = lock === undefined ? this.holds(group.entry, Right.deleteMessages) : opens(key, lock);
    if (!isAllowed) return false;
    await mailbox.expunge(uids, { onlyDeleted: false, origin });
    await history.remove(id, [place]);
    return true;
  }

  /** The Cancel-Lock of a stored article. */
  private async lockOf({ mailbox, uid }: Place): Promise<string | undefined> {
    const box = this.environment.store.mailbox(mailbox);
    for await (const { records } of box.summaries(NumberSet.of(uid))) {
      for (const record of records) return storedField(box, uid, new SummaryView(record), 'cancel-lock');
    }
    return undefined;
  }

  /** RFC 5537 §5.2.1. Is it there already, nothing is done. */
  private async newGroup(argument: string, origin: Origin): Promise<boolean> {
    const { access, names, newsmaster, store } = this.environment;
    const name = fromWire(argument);
    const mailbox = name === undefined ? undefined : names.mailboxOf(name);
    if (mailbox === undefined) return false;
    const parent = await this.nearest(mailbox);
    if (!access.mayCreate(newsmaster, mailbox, parent)) return false;
    try {
      await store.catalogue.create(mailbox, { acl: access.initialAcl(newsmaster, mailbox, parent) }, origin);
      return true;
    } catch (error) {
      if (isMailError(error) && error.code === 'ALREADYEXISTS') return false;
      throw error;
    }
  }

  /** RFC 5537 §5.2.2. The mailbox goes as any that is deleted: it can be brought back for a while. */
  private async removeGroup(argument: string, origin: Origin): Promise<boolean> {
    const { groups, store } = this.environment;
    const group = await groups.find(fromWire(argument) ?? '');
    if (group === undefined || !this.holds(group.entry, Right.delete)) return false;
    await store.catalogue.delete(group.entry.name, {}, origin);
    return true;
  }

  private async nearest(name: MailboxName): Promise<MailboxEntry | undefined> {
    for (let up = parentOf(name); up !== undefined; up = parentOf(up)) {
      const entry = await this.environment.store.catalogue.find(up);
      if (entry !== undefined) return entry;
    }
    return undefined;
  }

  private holds(entry: MailboxEntry, right: number): boolean {
    return (this.environment.access.rights(this.environment.newsmaster, entry) & right) !== 0;
  }
}

/** The command of a Control field and its first argument (RFC 5536 §3.2.3). */
function verb(header: ArticleHeader): (string | undefined)[] {
  const words = header.get('control')?.split(/[ \t]+/) ?? [];
  return [words[0]?.toLowerCase(), words[1]];
}
