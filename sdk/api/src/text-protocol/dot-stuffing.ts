/**
 * Dot-stuffing (RFC 5321 §4.5.2, RFC 1939 §3, RFC 3977 §3.1.1), incremental in both directions: chunks may be cut
 * anywhere, memory is bounded by the chunk, lines may be of any length.
 *
 * Only CRLF is a line end. Only CRLF "." CRLF (or "." CRLF as the very first octets) ends the data: LF "." LF,
 * LF "." CRLF, CRLF "." LF and CR "." CR are data. A server that took one of them for the end, behind one that does
 * not, could be made to see commands in a message ("SMTP smuggling", CVE-2023-51764). For the same reason a dot is
 * taken away after CRLF alone, never after a bare LF or CR. Bare LF and CR pass as they are; whoever stores the
 * message normalises them afterwards, once the end of the data is known.
 */

const DOT = 46;
const CR = 13;
const LF = 10;

/** Where in a line the last octet seen was. */
const At = {
  text: 0,
  /** A CR was the last octet. */
  cr: 1,
  /** At the start of a line. */
  lineStart: 2,
  /** A dot was the first octet of the line; it is withheld. */
  dot: 3,
  /** …and a CR the second; it is withheld too. */
  dotCr: 4,
} as const;
type At = (typeof At)[keyof typeof At];

/** After so many of them in a chunk it is cheaper to look for line ends with a dot behind them. */
const MANY_DOTS = 8;

const none = Buffer.alloc(0);

/** Takes dot-stuffed chunks, gives the data. */
export class DotUnstuffer {
  private at: At = At.lineStart;
  private done = false;
  private remainder: Buffer = none;

  /** The terminator was seen. */
  get isDone(): boolean {
    return this.done;
  }

  /** What came after the terminator in the last chunk. */
  get rest(): Buffer {
    return this.remainder;
  }

  /** The data in `chunk`, not copied when there is no dot to be taken away. Push no more once `isDone`. */
  push(chunk: Buffer): Buffer {
    if (this.done) return none;
    const pieces = new Pieces(chunk);
    let pos = 0;
    while (pos < chunk.length) {
      if (this.at === At.text) {
        const next = chunk.indexOf('\r\n.', pos, 'latin1');
        if (next < 0) {
          pieces.add(pos, chunk.length);
          this.at = endOf(chunk, pos);
          break;
        }
        pieces.add(pos, next + 2);
        this.at = At.dot;
        pos = next + 3;
      } else if (this.step(chunk[pos]!, pos, pieces)) pos++;
      if (this.done) {
        this.remainder = chunk.subarray(pos);
        break;
      }
    }
    return pieces.join();
  }

  /** One octet where its place matters. False: it is to be looked at again, in the new state. */
  private step(octet: number, pos: number, pieces: Pieces): boolean {
    switch (this.at) {
      case At.lineStart:
        if (octet === DOT) this.at = At.dot;
        else return this.again();
        return true;
      case At.cr:
        if (octet !== LF) return this.again();
        pieces.add(pos, pos + 1);
        this.at = At.lineStart;
        return true;
      case At.dot:
        if (octet !== CR) return this.again();
        this.at = At.dotCr;
        return true;
      default:
        if (octet === LF) {
          this.done = true;
          return true;
        }
        pieces.addCr();
        return this.again();
    }
  }

  private again(): false {
    this.at = At.text;
    return false;
  }
}

/** The state after a run of text that starts at `from`. */
function endOf(chunk: Buffer, from: number): At {
  const last = chunk[chunk.length - 1];
  if (last === CR) return At.cr;
  return last === LF && chunk.length - 2 >= from && chunk[chunk.length - 2] === CR ? At.lineStart : At.text;
}

/** Ranges of a chunk that are kept: one range is a view, more are copied together. */
class Pieces {
  private start = 0;
  private end = 0;
  private copied: Buffer | undefined;
  private length = 0;

  constructor(private readonly chunk: Buffer) {}

  add(from: number, to: number): void {
    if (from === to) return;
    if (this.copied === undefined && this.end === this.start) {
      this.start = from;
      this.end = to;
    } else if (this.copied === undefined && this.end === from) this.end = to;
    else {
      const copy = this.copy();
      this.length += this.chunk.copy(copy, this.length, from, to);
    }
  }

  /** The withheld CR, which may be of an earlier chunk. */
  addCr(): void {
    const copy = this.copy();
    copy[this.length++] = CR;
  }

  join(): Buffer {
    if (this.copied !== undefined) return this.copied.subarray(0, this.length);
    return this.start === this.end ? none : this.chunk.subarray(this.start, this.end);
  }

  private copy(): Buffer {
    if (this.copied === undefined) {
      // Never more than the chunk and the one CR withheld from an earlier one.
      this.copied = Buffer.allocUnsafe(this.chunk.length + 1);
      this.length = this.chunk.copy(this.copied, 0, this.start, this.end);
    }
    return this.copied;
  }
}

/** Takes data, gives dot-stuffed chunks; `end` gives the terminator, with a CRLF before it when the data lacks one. */
export class DotStuffer {
  private at: At = At.lineStart;

  /** The next chunk of data, not copied when there is nothing to stuff. */
  push(chunk: Buffer): Buffer {
    return withDots(chunk, this.cut(chunk));
  }

  /** Where in the next chunk of data dots go in: offsets, ascending. */
  cut(chunk: Buffer): readonly number[] {
    if (chunk.length === 0) return [];
    const places = this.places(chunk);
    this.at = this.after(chunk);
    return places;
  }

  end(): Buffer {
    return Buffer.from(this.at === At.lineStart ? '.\r\n' : '\r\n.\r\n', 'latin1');
  }

  /** Where a line starts with a dot. */
  private places(chunk: Buffer): number[] {
    const places: number[] = [];
    if (this.at === At.lineStart && chunk[0] === DOT) places.push(0);
    if (this.at === At.cr && chunk[0] === LF && chunk[1] === DOT) places.push(1);
    // There is no dot in base64, and to look for one octet is a multiple faster than to look for three.
    let dot = chunk.indexOf(DOT);
    for (let few = MANY_DOTS; dot >= 0 && few > 0; few--) {
      if (dot > 1 && chunk[dot - 1] === LF && chunk[dot - 2] === CR) places.push(dot);
      dot = chunk.indexOf(DOT, dot + 1);
    }
    if (dot < 0) return places;
    const start = Math.max(0, dot - 2);
    for (let i = chunk.indexOf('\r\n.', start, 'latin1'); i >= 0; i = chunk.indexOf('\r\n.', i + 2, 'latin1'))
      places.push(i + 2);
    return places;
  }

  private after(chunk: Buffer): At {
    if (chunk.length === 1 && chunk[0] === LF && this.at === At.cr) return At.lineStart;
    return endOf(chunk, 0);
  }
}

/** The chunk itself, or a copy with dots at these offsets. */
export function withDots(chunk: Buffer, places: readonly number[]): Buffer {
  if (places.length === 0) return chunk;
  const out = Buffer.allocUnsafe(chunk.length + places.length);
  let from = 0;
  let length = 0;
  for (const place of places) {
    length += chunk.copy(out, length, from, place);
    out[length++] = DOT;
    from = place;
  }
  chunk.copy(out, length, from);
  return out;
}
