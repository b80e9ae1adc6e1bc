/**
 * The header of a message on its way in: trace fields in front, Return-Path fields of earlier hops away, Message-ID
 * and Date where they are missing. Only the header is held; the body passes through as it comes.
 * Lines end with CRLF here: line ends are made right before.
 */
import { MailError } from '@angarium/sdk';
import { MAX_HEADER_BYTES } from '../limits.js';

export interface HeaderRules {
  /** Return-Path and Received, with CRLF. */
  readonly trace: string;
  /** Fields for a message that lacks them, with CRLF. */
  readonly messageId: string;
  readonly date: string;
  readonly malformed: 'reject' | 'repair';
  /** What becomes of octets above 127. */
  readonly eightBit: 'keep' | 'munge' | 'reject';
}

const none = Buffer.alloc(0);

export class HeaderRewriter {
  private held: Buffer = Buffer.allocUnsafe(4096);
  private length = 0;
  private inBody = false;

  constructor(private readonly rules: HeaderRules) {}

  /** @throws MailError BADMESSAGE */
  push(chunk: Buffer): Buffer {
    if (this.inBody) return chunk;
    this.hold(chunk);
    const end = this.endOfHeader(this.length - chunk.length);
    if (end === undefined) {
      if (this.length > MAX_HEADER_BYTES) throw bad('The message header is too large');
      return none;
    }
    this.inBody = true;
    return this.rewritten(end);
  }

  /** The message has ended, with its header at that: it needs no body, and no blank line then (RFC 5322 §3.5). */
  end(): Buffer {
    if (this.inBody) return none;
    this.inBody = true;
    const isWhole = this.length >= 2 && this.held.latin1Slice(this.length - 2, this.length) === '\r\n';
    if (!isWhole && this.rules.malformed === 'reject') throw bad('The message ends inside its header');
    this.hold(Buffer.from(isWhole || this.length === 0 ? '\r\n' : '\r\n\r\n', 'latin1'));
    return this.rewritten(this.endOfHeader(0) ?? this.length);
  }

  private hold(chunk: Buffer): void {
    if (this.length + chunk.length > this.held.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.held.length * 2, this.length + chunk.length));
      this.held.copy(larger, 0, 0, this.length);
      this.held = larger;
    }
    chunk.copy(this.held, this.length);
    this.length += chunk.length;
  }

  /** Index after the blank line. @param from what is before was looked at already. */
  private endOfHeader(from: number): number | undefined {
    const held = this.held.subarray(0, this.length);
    if (held.length >= 2 && held[0] === 13 && held[1] === 10) return 2;
    const at = held.indexOf('\r\n\r\n', Math.max(0, from - 3), 'latin1');
    return at < 0 ? undefined : at + 4;
  }

  private rewritten(end: number): Buffer {
    const header = rewriteHeader(this.held.latin1Slice(0, end - 2), this.rules);
    const rest = this.held.subarray(end, this.length);
    this.held = none;
    return Buffer.concat([Buffer.from(header, 'latin1'), rest]);
  }
}

/** @param header without the blank line. @returns with it, or with what repair put there. @throws MailError BADMESSAGE */
function rewriteHeader(header: string, rules: HeaderRules): string {
  let kept = '';
  let hasMessageId = false;
  let hasDate = false;
  let pos = lengthOfEnvelopeLine(header);
  while (pos < header.length) {
    const end = endOfField(header, pos);
    const name = fieldName(header, pos, end);
    if (name === undefined) {
      if (rules.malformed === 'reject') throw bad('The message header has a line that is no header field');
      break;
    }
    const isEmptyId = name === 'message-id' && isEmptyMessageId(header.slice(pos, end));
    if (isEmptyId && rules.malformed === 'reject') throw bad('The Message-ID is empty');
    if (name !== 'return-path' && !isEmptyId) kept += header.slice(pos, end);
    hasMessageId ||= name === 'message-id' && !isEmptyId;
    hasDate ||= name === 'date';
    pos = end;
  }
  if (rules.eightBit !== 'keep' && /[\x80-\xff]/.test(kept)) {
    if (rules.eightBit === 'reject') throw bad('The message header has 8-bit characters');
    kept = kept.replace(/[\x80-\xff]/g, 'X');
  }
  const added = (hasMessageId ? '' : rules.messageId) + (hasDate ? '' : rules.date);
  const body = pos < header.length ? `${header.slice(pos)}\r\n` : '';
  return `${rules.trace}${added}${kept}\r\n${body}`;
}

/** Leniency: a line `From fred Mon …` of an mbox file before the header, as `deliver` was given in old days. */
function lengthOfEnvelopeLine(header: string): number {
  if (!/^>?From /.test(header)) return 0;
  return header.indexOf('\r\n') + 2;
}

/** Up to the next line that does not begin with a blank. */
function endOfField(header: string, from: number): number {
  for (let pos = from; ; ) {
    const end = header.indexOf('\r\n', pos);
    if (end < 0) return header.length;
    const next = header[end + 2];
    if (next !== ' ' && next !== '\t') return end + 2;
    pos = end + 2;
  }
}

/** Lower case; undefined for what is no field. Blanks before the colon: RFC 5322 §4.5. */
function fieldName(header: string, from: number, end: number): string | undefined {
  const colon = header.indexOf(':', from);
  if (colon < 0 || colon >= end) return undefined;
  const name = header.slice(from, colon).replace(/[ \t]+$/, '');
  return /^[\x21-\x39\x3b-\x7e]+$/.test(name) ? name.toLowerCase() : undefined;
}

function isEmptyMessageId(field: string): boolean {
  return /^[^:]*:\s*(<\s*>\s*)?$/.test(field);
}

function bad(text: string): MailError {
  return new MailError('BADMESSAGE', text, { enhancedStatus: '5.6.0' });
}
