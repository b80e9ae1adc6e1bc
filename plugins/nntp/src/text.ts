/** Text on its way in and out: the wire is octets (latin1 strings), names inside are Unicode. */
import { isUtf8 } from 'node:buffer';

/** Wire octets → Unicode; undefined when they are no UTF-8 (RFC 3977 §3.1). */
export function fromWire(octets: string): string | undefined {
  if (/^[\x00-\x7f]*$/.test(octets)) return octets;
  const bytes = Buffer.from(octets, 'latin1');
  return isUtf8(bytes) ? bytes.toString('utf8').normalize('NFC') : undefined;
}

/** Unicode → wire octets. */
export function toWire(text: string): string {
  return /^[\x00-\x7f]*$/.test(text) ? text : Buffer.from(text, 'utf8').latin1Slice();
}

/** One line of a list: what could end it or be taken for a separator is a blank (RFC 3977 §8.3.2). */
export function oneLine(octets: string): string {
  return /[\x00\t\r\n]/.test(octets) ? octets.replace(/\r\n/g, ' ').replace(/[\x00\t\r\n]/g, ' ') : octets;
}

/** `<id@host>`: RFC 3977 §9.8, printable ASCII without blanks, at most 250 octets. */
export function isMessageId(text: string): boolean {
  return text.length >= 3 && text.length <= 250 && /^<[\x21-\x3d\x3f-\x7e]+>$/.test(text);
}
