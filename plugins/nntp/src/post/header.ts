/** The header of an article (RFC 5536 §3) as text, and what is read from it. */
import { MailError } from '@angarium/sdk';
import { isMessageId } from '../text.js';

/** A field as it stands, with its line ends, latin1. */
export interface Field {
  /** Lower case. */
  readonly name: string;
  readonly raw: string;
  /** Unfolded, trimmed. */
  readonly value: string;
}

/** RFC 5536 §3: these are there once at most. */
const SINGLE = new Set([
  'approved',
  'archive',
  'control',
  'date',
  'distribution',
  'expires',
  'followup-to',
  'from',
  'injection-date',
  'injection-info',
  'lines',
  'message-id',
  'newsgroups',
  'organization',
  'path',
  'references',
  'reply-to',
  'sender',
  'subject',
  'summary',
  'supersedes',
  'user-agent',
]);

export class ArticleHeader {
  private readonly byName = new Map<string, Field>();

  private constructor(readonly fields: readonly Field[]) {
    for (const field of fields) if (!this.byName.has(field.name)) this.byName.set(field.name, field);
  }

  /** @param text with CRLF line ends, without the blank line. @throws MailError BADMESSAGE */
  static parse(text: string): ArticleHeader {
    // RFC 5536 §2.2: readers that take it for a line end would see other fields than this server.
    if (/\r(?!\n)/.test(text)) throw bad('The header has a CR without LF');
    const fields: Field[] = [];
    const seen = new Set<string>();
    for (const raw of text.split(/(?<=\r\n)(?![ \t])/)) {
      if (raw === '') continue;
      const colon = raw.indexOf(':');
      const name = raw.slice(0, Math.max(0, colon));
      // RFC 5536 §2.2: a name, a colon and a blank; the blank is forgiven.
      if (!/^[\x21-\x39\x3b-\x7e]+$/.test(name)) throw bad('The header has a line that is no header field');
      const lower = name.toLowerCase();
      if (SINGLE.has(lower) && seen.has(lower)) throw bad(`There is more than one ${name} field`);
      seen.add(lower);
      fields.push({
        name: lower,
        raw,
        value: raw
          .slice(colon + 1)
          .replace(/\r\n/g, '')
          .trim(),
      });
    }
    return new ArticleHeader(fields);
  }

  get(name: string): string | undefined {
    return this.byName.get(name)?.value;
  }

  has(name: string): boolean {
    return this.byName.has(name);
  }

  /** @throws MailError BADMESSAGE */
  need(name: string, shown: string): string {
    const value = this.get(name);
    if (value === undefined || value === '') throw bad(`The ${shown} field is missing`);
    return value;
  }

  /** Names as they are written, once each. Wire octets. */
  groups(name = 'newsgroups'): string[] {
    const names = (this.get(name) ?? '').split(',').map((part) => part.trim());
    return [...new Set(names.filter((part) => part !== ''))];
  }

  /** Undefined: there is none. @throws MailError BADMESSAGE */
  messageId(): string | undefined {
    const value = this.get('message-id');
    if (value === undefined) return undefined;
    if (!isMessageId(value)) throw bad('The Message-ID is malformed');
    return value;
  }
}

export function bad(text: string): MailError {
  return new MailError('BADMESSAGE', text);
}
