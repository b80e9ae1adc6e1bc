/** What can be watched (RFC 5465 §5), as bits. */

export const NotifyEvent = {
  messageNew: 1,
  messageExpunge: 2,
  flagChange: 4,
  annotationChange: 8,
  mailboxName: 16,
  subscriptionChange: 32,
  mailboxMetadataChange: 64,
  serverMetadataChange: 128,
} as const;

/** Bits of `NotifyEvent`. */
export type Events = number;

/** What changes in a mailbox; the only ones for the selected one. */
export const MESSAGE_EVENTS: Events =
  NotifyEvent.messageNew | NotifyEvent.messageExpunge | NotifyEvent.flagChange | NotifyEvent.annotationChange;

/** In the order of RFC 5465 §8. */
export const eventNames: readonly (readonly [bit: Events, name: string])[] = [
  [NotifyEvent.messageNew, 'MessageNew'],
  [NotifyEvent.messageExpunge, 'MessageExpunge'],
  [NotifyEvent.flagChange, 'FlagChange'],
  [NotifyEvent.annotationChange, 'AnnotationChange'],
  [NotifyEvent.mailboxName, 'MailboxName'],
  [NotifyEvent.subscriptionChange, 'SubscriptionChange'],
  [NotifyEvent.mailboxMetadataChange, 'MailboxMetadataChange'],
  [NotifyEvent.serverMetadataChange, 'ServerMetadataChange'],
];

const bits = new Map(eventNames.map(([bit, name]) => [name.toLowerCase(), bit]));

/** Without case; undefined for what this server does not know. */
export function eventBit(name: string): Events | undefined {
  return bits.get(name.toLowerCase());
}
