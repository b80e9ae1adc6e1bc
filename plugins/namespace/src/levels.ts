/**
 * What a level of a mailbox name may be, and how levels become one text. Rules as in Cyrus: a dot inside a level is
 * shown as `^` where `.` is the separator, and `^` from a client is a dot always, so no level has a `^` in it.
 */
import { MailError } from '@angarium/sdk';

/** Octets of the whole name in UTF-8, as Cyrus bounds its own form. */
const MAX_NAME_BYTES = 490;

/**
 * `! " % / ; < > \ { | }` and backtick, as in Cyrus. Controls, line and paragraph separators: RFC 9051 §5.1,
 * RFC 6855 §3. Surrogates without their other half and noncharacters are no text.
 */
const forbidden = /[!"%/;<>\\`{|}\p{Cc}\p{Cs}\p{Zl}\p{Zp}\ufffe\uffff]/u;

export type Separator = '.' | '/';

/** @throws MailError CANNOT for an empty level or a character that no name may have. */
export function levelsOf(text: string, separator: Separator): string[] {
  const trimmed = text.endsWith(separator) ? text.slice(0, -1) : text;
  if (Buffer.byteLength(trimmed) > MAX_NAME_BYTES)
    throw new MailError('CANNOT', 'The mailbox name is too long');
  return trimmed.split(separator).map((part) => {
    const level = part.replaceAll('^', '.').normalize('NFC');
    if (level === '') throw cannot('A mailbox name has an empty level');
    if (forbidden.test(level)) throw cannot('The mailbox name has a character that is not allowed');
    return level;
  });
}

export function textOf(levels: readonly string[], separator: Separator): string {
  if (separator === '/') return levels.join('/');
  let text = '';
  for (const level of levels) {
    const shown = level.includes('.') ? level.replaceAll('.', '^') : level;
    text = text === '' ? shown : `${text}.${shown}`;
  }
  return text;
}

/** Names of shared and personal mailboxes that would be read as something else. @throws MailError CANNOT */
export function checkTop(levels: readonly string[], kind: 'personal' | 'shared'): void {
  const [top] = levels;
  if (top === undefined) return;
  if (isInbox(top)) throw cannot('A mailbox below INBOX cannot be called INBOX');
  if (kind === 'personal') return;
  if (/^[~$]/.test(top)) throw cannot('A shared mailbox name cannot begin with this character');
  if (top === 'user') throw cannot('This mailbox name is reserved');
}

export function isInbox(level: string): boolean {
  return level.length === 5 && level.toUpperCase() === 'INBOX';
}

export function cannot(text: string): MailError {
  return new MailError('CANNOT', text);
}
