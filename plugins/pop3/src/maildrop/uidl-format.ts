/** Unique ids of messages (RFC 1939 §7, UIDL), which stay the same for as long as the message is there. */

/** As Cyrus's `uidl_format`. */
export type UidlFormat = 'cyrus' | 'uidonly' | 'dovecot' | 'courier';

/** UID → unique-id, of a mailbox with this UIDVALIDITY. */
export function uidlWriter(format: UidlFormat, uidValidity: number): (uid: number) => string {
  switch (format) {
    case 'uidonly':
      return (uid) => `${uid}`;
    case 'courier':
      return (uid) => `${uidValidity}-${uid}`;
    case 'dovecot': {
      const suffix = hex(uidValidity);
      return (uid) => hex(uid) + suffix;
    }
    default:
      return (uid) => `${uidValidity}.${uid}`;
  }
}

function hex(number: number): string {
  return number.toString(16).padStart(8, '0');
}
