/** Names for the operator: as administrators see them in IMAP where there is a namespace. */
import {
  CommandError,
  formatMailboxName,
  type Identity,
  type MailboxEntry,
  type MailboxName,
  type MailStore,
  type Namespace,
  parseMailboxName,
  type UserId,
} from '@angarium/sdk';

const operator: Identity = {
  user: '' as UserId,
  groups: [],
  admin: 'all',
  isAnonymous: false,
  mechanism: 'CLI',
};

export function nameText(name: MailboxName, namespace: Namespace | undefined): string {
  return namespace?.view(operator).toClient(name) ?? formatMailboxName(name);
}

/** @throws CommandError when there is none */
export async function findMailbox(store: MailStore, text: string): Promise<MailboxEntry> {
  const entry = await store.catalogue.find(parseMailboxName(text));
  if (entry === undefined) throw new CommandError(`there is no mailbox "${text}"`);
  return entry;
}

/** As C's ctime: `Mon Jun  2 00:00:00 2025`, local time. */
export function ctime(ms: number): string {
  const date = new Date(ms);
  const [weekday, month] = date.toDateString().split(' ');
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map((part) => String(part).padStart(2, '0'))
    .join(':');
  return `${weekday} ${month} ${String(date.getDate()).padStart(2)} ${time} ${date.getFullYear()}`;
}

const unitSeconds: Readonly<Record<string, number>> = {
  '': 1,
  s: 1,
  m: 60,
  h: 3600,
  d: 86_400,
  w: 604_800,
};

/** `90`, `15m`, `24h`, `7d`, `2w`. @throws CommandError */
export function intervalMs(text: string): number {
  const [, count, unit] = /^(\d{1,9})([smhdw]?)$/.exec(text) ?? [];
  if (count === undefined) throw new CommandError(`not a time interval: ${text}`, 2);
  return Number(count) * unitSeconds[unit!]! * 1000;
}
