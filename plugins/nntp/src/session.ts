/**
 * One NNTP client.
 *
 * - An article is acknowledged when it is durable and its Message-ID is noted, never before.
 * - Rights are those of the moment: every command that reads or files asks anew.
 * - The article number of a group is the UID of its mailbox; the current article is remembered by it, so that nothing
 *   that comes or goes moves it.
 * - Multi-line replies are written in slices, with the client's speed (`TextSession.drained`).
 */
import {
  type AuthContext,
  type Authentication,
  anonymousIdentity,
  type Clock,
  type Connection,
  type ContentPiece,
  DotWriter,
  type Host,
  type Identity,
  type Logger,
  type MailboxSnapshot,
  type MailStore,
  TextSession,
} from '@angarium/sdk';
import type { NntpConfig } from './config.js';
import type { Control } from './control/control.js';
import type { Group, Groups } from './groups/groups.js';
import type { WatermarkReader } from './groups/watermarks.js';
import type { Follower } from './history/follower.js';
import type { History } from './history/history.js';
import { formatReply, replyTo } from './replies.js';

export interface NntpEnvironment {
  readonly config: NntpConfig;
  readonly store: MailStore;
  readonly authentication: Authentication;
  readonly groups: Groups;
  readonly watermarks: WatermarkReader;
  readonly history: History;
  readonly follower: Follower;
  readonly control: Control;
  /** Of Path and Xref fields. */
  readonly pathIdentity: string;
  readonly host: Host;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Of an article; whoever has sent or copied them releases the lease. */
export type Octets = Pick<ContentPiece, 'bytes' | 'lease'>;

/** A newsgroup that was selected. */
export interface Selected {
  readonly group: Group;
  /** UID of the current article; undefined: there is none. */
  current: number | undefined;
}

export class NntpSession extends TextSession {
  readonly state = 'ready';
  identity: Identity = anonymousIdentity;
  /** Of AUTHINFO USER. */
  claimedUser: string | undefined;
  failedLogins = 0;
  selected: Selected | undefined;
  isCompressed = false;
  /** Is there a group where clients may post that have not authenticated? Undefined: not looked at yet. */
  mayPostAnonymously: boolean | undefined;

  constructor(
    connection: Connection,
    readonly environment: NntpEnvironment,
  ) {
    super(connection);
  }

  get authContext(): AuthContext {
    return { service: 'nntp', connection: this.connection };
  }

  get isAuthenticated(): boolean {
    return this.identity !== anonymousIdentity;
  }

  /** After AUTHINFO. */
  authenticated(identity: Identity): void {
    this.identity = identity;
    this.claimedUser = undefined;
    this.connection.describe({ user: identity.user });
  }

  answer(code: number, text: string): void {
    this.reply(formatReply(code, text));
  }

  /** What somebody may not do: an unknown client may be more when it has authenticated (RFC 4643 §2.2). */
  deny(code: number, text: string): void {
    if (this.isAuthenticated) this.answer(code, text);
    else this.answer(480, 'Authentication required');
  }

  /** One reply; errors that are none of ours are logged here. */
  refuse(error: unknown, activity: string): void {
    const { code, text } = replyTo(error);
    if (code === 403) {
      this.environment.log.warn('command failed', { session: this.connection.id, activity, err: error });
    }
    this.answer(code, text);
  }

  /** A group that may be read, by a client's name for it. Undefined: answered. */
  async readable(name: string): Promise<Group | undefined> {
    const { groups } = this.environment;
    const group = await groups.find(name);
    if (group !== undefined && groups.mayRead(this.identity, group)) return group;
    this.deny(411, 'No such newsgroup');
    return undefined;
  }

  /** The selected group as it is now. Undefined: answered. */
  async snapshot(): Promise<{ selected: Selected; snapshot: MailboxSnapshot } | undefined> {
    const { selected, environment } = this;
    if (selected === undefined) {
      this.deny(412, 'No newsgroup selected');
      return undefined;
    }
    const { store, groups } = environment;
    const group = await groups.byId(selected.group.entry.id);
    if (group === undefined || !groups.mayRead(this.identity, group)) {
      this.selected = undefined;
      this.deny(412, 'The newsgroup is gone');
      return undefined;
    }
    return { selected, snapshot: await store.mailbox(group.entry.id).snapshot() };
  }

  /**
   * A multi-line block of lines; each is dot-stuffed. Wire octets without line ends; several lines may come at once, joined
   * with CRLF, where none begins with a dot.
   */
  async lines(source: AsyncIterable<string> | Iterable<string>): Promise<void> {
    let text = '';
    for await (const line of source) {
      text += line.startsWith('.') ? `.${line}\r\n` : `${line}\r\n`;
      if (text.length < 16 * 1024) continue;
      this.write(text);
      text = '';
      const draining = this.drained();
      if (draining !== undefined) await draining;
    }
    this.write(`${text}.\r\n`);
  }

  /** A multi-line block of octets as they are stored. */
  async octets(source: AsyncIterable<Octets>): Promise<void> {
    const block = new DotWriter(this);
    for await (const { bytes, lease } of source) {
      block.write(bytes, lease);
      const draining = this.drained();
      if (draining !== undefined) await draining;
    }
    block.end();
  }
}
