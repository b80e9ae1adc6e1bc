import { contentFields, rawParameter } from './content.js';
import { HeaderBlock } from './headers.js';
import type { Disposition, MessagePart, MessageStructure, Parameter, PartKind } from './types.js';

/**
 * MIME structure in one pass over the octets, without recursion; any input has an answer, and the time is linear.
 *
 * - A line ends with LF; a CR before it is part of the line end; a bare CR, NUL and octets above 127 are data.
 * - A header ends with an empty line, at the end, or at a delimiter of an enclosing multipart.
 * - A line is a delimiter when it starts with `--` and the boundary (RFC 2046 §5.1.1: what follows does not
 *   matter); of several that fit the longest counts, then the innermost. The line end before it belongs to it.
 * - An unclosed part ends where its parent ends. A delimiter of an outer multipart closes the inner ones.
 * - A multipart without boundary, or whose boundary never appears, has one text/plain part: its whole body.
 * - Below MAX_DEPTH a container is an opaque application/octet-stream; from part MAX_PARTS on, the rest of the
 *   message is one such part.
 */

/** Dovecot's bound as well; real mail stays below 10. */
export const MAX_DEPTH = 100;
/** Dovecot's bound as well. */
export const MAX_PARTS = 10_000;
/** RFC 2046 allows 70; what is longer is cut, as prefixes are what is compared. */
const MAX_BOUNDARY = 250;

const DASH = 45;
const LF = 10;
const CR = 13;

class OpenPart implements MessagePart {
  headerLength = 0;
  bodyOffset = 0;
  bodyLength = 0;
  bodyLines = 0;
  kind: PartKind = 'leaf';
  type = 'text';
  subtype = 'plain';
  parameters: readonly Parameter[] = [];
  id: string | undefined;
  description: string | undefined;
  encoding = '7bit';
  md5: string | undefined;
  disposition: Disposition | undefined;
  language: readonly string[] = [];
  location: string | undefined;
  readonly children: OpenPart[] = [];
  constructor(readonly headerOffset: number) {}
}

interface Boundary {
  readonly text: string;
  /** Place of its multipart in the stack of open parts. */
  readonly level: number;
}

/** Structure of a message; never throws. */
export function parse(bytes: Buffer): MessageStructure {
  return scan(bytes).structure;
}

/** `parse`, with the root's header as it was split on the way. */
export function scan(bytes: Buffer): { structure: MessageStructure; block: HeaderBlock } {
  return new Scanner(bytes).run();
}

class Scanner {
  private readonly open: OpenPart[] = [];
  /** Line count at the start of the body, for each open part. */
  private readonly startLines: number[] = [];
  private readonly boundaries: Boundary[] = [];
  private rootBlock: HeaderBlock | undefined;
  private pos = 0;
  private lines = 0;
  private inHeader = true;
  private partCount = 0;
  private truncated = false;

  constructor(private readonly bytes: Buffer) {}

  run(): { structure: MessageStructure; block: HeaderBlock } {
    const { bytes } = this;
    const size = bytes.length;
    const root = this.push(0, undefined);
    while (this.pos < size) {
      const start = this.pos;
      const lf = bytes.indexOf(LF, start);
      const next = lf < 0 ? size : lf + 1;
      if (bytes[start] === DASH && bytes[start + 1] === DASH && this.boundaries.length > 0) {
        const found = this.match(start + 2, next);
        if (found !== undefined) {
          this.delimiter(found, start, next);
          if (lf >= 0) this.lines++;
          this.pos = next;
          if (this.inHeader) this.bodyStarts();
          continue;
        }
      }
      if (lf >= 0) this.lines++;
      this.pos = next;
      if (this.inHeader) {
        const blank = bytes[start] === LF || (bytes[start] === CR && start + 1 === lf);
        if (blank) this.headerDone();
      } else if (this.boundaries.length === 0) this.countRest();
    }
    this.closeAbove(0, size, size);
    const block = this.rootBlock ?? new HeaderBlock(bytes.toString('latin1', 0, root.headerLength));
    const { partCount, truncated } = this;
    return { structure: { root, size, partCount, truncated }, block };
  }

  /** No delimiter can come: what is left matters for its lines alone. */
  private countRest(): void {
    for (let at = this.pos; ; this.lines++) {
      const lf = this.bytes.indexOf(LF, at);
      if (lf < 0) break;
      at = lf + 1;
    }
    this.pos = this.bytes.length;
  }

  private push(offset: number, parent: OpenPart | undefined): OpenPart {
    const part = new OpenPart(offset);
    parent?.children.push(part);
    this.open.push(part);
    this.startLines.push(this.lines);
    this.partCount++;
    this.inHeader = true;
    return part;
  }

  private bodyStarts(): void {
    this.startLines[this.open.length - 1] = this.lines;
  }

  private headerDone(): void {
    const level = this.open.length - 1;
    const part = this.open[level] as OpenPart;
    this.readHeader(part, this.pos);
    this.inHeader = false;
    this.bodyStarts();
    if (part.kind === 'message') this.push(this.pos, part);
    else if (part.kind === 'multipart') {
      const text = (rawParameter(part.parameters, 'boundary') ?? '').replace(/[ \t]+$/, '');
      if (text !== '') this.boundaries.push({ text: text.slice(0, MAX_BOUNDARY), level });
    }
  }

  private readHeader(part: OpenPart, end: number): void {
    part.headerLength = end - part.headerOffset;
    part.bodyOffset = end;
    const level = this.open.length - 1;
    const parent = level > 0 ? this.open[level - 1] : undefined;
    const digest = parent?.kind === 'multipart' && parent.subtype === 'digest';
    const block = new HeaderBlock(this.bytes.toString('latin1', part.headerOffset, end));
    if (parent === undefined) this.rootBlock = block;
    Object.assign(part, contentFields(block, digest));
    const container = containerKind(part);
    if (container === 'leaf') return;
    if (level < MAX_DEPTH && this.partCount < MAX_PARTS) part.kind = container;
    else this.makeOpaque(part);
  }

  private makeOpaque(part: OpenPart): void {
    part.type = 'application';
    part.subtype = 'octet-stream';
    this.truncated = true;
  }

  /** The boundary that the line from `from` on (after its dashes) starts with. */
  private match(from: number, end: number): Boundary | undefined {
    const { bytes, boundaries } = this;
    let best: Boundary | undefined;
    for (let i = boundaries.length - 1; i >= 0; i--) {
      const boundary = boundaries[i] as Boundary;
      const { text } = boundary;
      if (text.length > end - from || (best !== undefined && text.length <= best.text.length)) continue;
      let at = 0;
      while (at < text.length && bytes[from + at] === text.charCodeAt(at)) at++;
      if (at === text.length) best = boundary;
    }
    return best;
  }

  private delimiter(boundary: Boundary, start: number, next: number): void {
    const after = start + 2 + boundary.text.length;
    const closing = this.bytes[after] === DASH && this.bytes[after + 1] === DASH;
    const multipart = this.open[boundary.level] as OpenPart;
    this.closeAbove(boundary.level + 1, start, start);
    this.inHeader = false;
    while ((this.boundaries.at(-1)?.level ?? -1) > boundary.level) this.boundaries.pop();
    if (closing) this.boundaries.pop();
    else if (this.partCount < MAX_PARTS) this.push(next, multipart);
    else {
      const rest = this.push(next, multipart);
      rest.bodyOffset = next;
      this.makeOpaque(rest);
      this.boundaries.length = 0;
      this.inHeader = false;
      this.bodyStarts();
      if (this.bytes[next - 1] === LF) this.startLines[this.open.length - 1] = this.lines + 1;
    }
  }

  /** Closes the open parts from `level` on, before the delimiter line at `start` or, at the end, at `start`. */
  private closeAbove(level: number, start: number, limit: number): void {
    let end = limit;
    let { lines } = this;
    const top = this.open[this.open.length - 1] as OpenPart;
    if (this.inHeader) {
      this.readHeader(top, start);
      // A container that ends with its header: an embedded message of nothing, or a multipart of nothing.
      if (top.kind === 'message') this.closeEmpty(top, start);
      this.startLines[this.open.length - 1] = lines;
    } else if (start < this.bytes.length && top.bodyOffset < start && this.bytes[start - 1] === LF) {
      end--;
      lines--;
      if (end > top.bodyOffset && this.bytes[end - 1] === CR) end--;
    }
    for (let i = this.open.length - 1; i >= level; i--) {
      const part = this.open[i] as OpenPart;
      part.bodyLength = end - part.bodyOffset;
      part.bodyLines = lines - (this.startLines[i] ?? 0);
      if (part.kind === 'multipart' && part.children.length === 0) part.children.push(this.whole(part));
    }
    this.open.length = Math.max(level, 0);
    this.startLines.length = this.open.length;
  }

  private closeEmpty(part: OpenPart, at: number): void {
    const child = new OpenPart(at);
    child.bodyOffset = at;
    part.children.push(child);
    this.partCount++;
  }

  private whole(part: OpenPart): OpenPart {
    const child = new OpenPart(part.bodyOffset);
    child.bodyOffset = part.bodyOffset;
    child.bodyLength = part.bodyLength;
    child.bodyLines = part.bodyLines;
    this.partCount++;
    return child;
  }
}

function containerKind(part: MessagePart): PartKind {
  if (part.type === 'multipart') return 'multipart';
  if (part.type === 'message' && (part.subtype === 'rfc822' || part.subtype === 'global')) return 'message';
  return 'leaf';
}
