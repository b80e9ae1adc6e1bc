import { type ArgumentReader, CommandSyntaxError } from '@angarium/sdk';

/** More than any maildrop holds. */
const MAX_NUMBER = 0xffffffff;

export function messageNumber(args: ArgumentReader): number {
  const number = args.expectNumber('The message', MAX_NUMBER);
  args.expectEnd();
  return number;
}

/** Of LIST and UIDL. */
export function optionalMessageNumber(args: ArgumentReader): number | undefined {
  return args.isAtEnd ? undefined : messageNumber(args);
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Octets of the line as text (RFC 6856 §2.2). @throws CommandSyntaxError for what is no UTF-8 */
export function unicode(octets: string): string {
  try {
    return utf8.decode(Buffer.from(octets, 'latin1'));
  } catch {
    throw new CommandSyntaxError('Names and passwords are UTF-8');
  }
}
