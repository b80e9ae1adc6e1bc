/** The Xref field (RFC 5536 §3.2.14), made when it is read: where an article is by now, of what the reader may know. */
import type { MailboxId } from '@angarium/sdk';
import type { Group } from '../groups/groups.js';
import type { Place } from '../history/history.js';
import type { NntpSession } from '../session.js';
import { toWire } from '../text.js';

export class XrefWriter {
  private readonly known = new Map<MailboxId, Group | undefined>();

  constructor(private readonly session: NntpSession) {}

  /** `server group:number …`, wire octets; without a promise for the many that are in one group. */
  value(group: Group, uid: number, others: readonly Place[]): string | Promise<string> {
    const text = `${this.session.environment.pathIdentity} ${toWire(group.name)}:${uid}`;
    return others.length === 0 ? text : this.withOthers(text, others);
  }

  private async withOthers(text: string, others: readonly Place[]): Promise<string> {
    let all = text;
    for (const place of others) {
      const other = await this.visible(place.mailbox);
      if (other !== undefined) all += ` ${toWire(other.name)}:${place.uid}`;
    }
    return all;
  }

  private async visible(id: MailboxId): Promise<Group | undefined> {
    if (this.known.has(id)) return this.known.get(id);
    const { groups } = this.session.environment;
    const group = await groups.byId(id);
    const shown = group !== undefined && groups.mayRead(this.session.identity, group) ? group : undefined;
    if (this.known.size > 1000) this.known.clear();
    this.known.set(id, shown);
    return shown;
  }
}
