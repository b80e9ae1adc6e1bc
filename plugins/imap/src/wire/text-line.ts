/** A command line that is all there as a string, its literals in it: for tests of grammars. */
import type { CommandLine } from '@angarium/sdk';
import { Arguments } from './arguments.js';
import type { Segment } from './cursor.js';
import { literalHead } from './literal.js';

class TextLine extends Arguments implements CommandLine {
  literalStream(): {
    readonly size: number;
    readonly isBinary: boolean;
    readonly bytes: AsyncIterable<Buffer>;
  } {
    const { literal, data } = this.segment;
    if (!this.isAtLiteral || literal === undefined) return this.fail('a literal');
    const bytes = Buffer.from(data ?? '', 'latin1');
    return { size: literal.size, isBinary: literal.isBinary, bytes: once(bytes) };
  }

  async more(): Promise<void> {
    this.advance();
  }

  async readOn<T>(parse: () => T): Promise<T> {
    return parse();
  }
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

/** @param text latin1, without the final CRLF: `(FLAGS {3}\r\nabc)`. A literal that is cut short is wanted in vain. */
export function commandLineFrom(text: string, options: { readonly utf8?: boolean } = {}): CommandLine {
  return new TextLine(segmentsOf(text), { utf8: options.utf8 ?? false });
}

function segmentsOf(text: string): Segment[] {
  const segments: Segment[] = [];
  for (let start = 0; ; ) {
    const lineEnd = text.indexOf('\r\n', start);
    const line = lineEnd < 0 ? text.slice(start) : text.slice(start, lineEnd);
    const literal = literalHead(line);
    const own = literal === undefined ? line : line.slice(0, line.length - literal.length);
    const from = lineEnd + 2;
    const to = from + (literal?.size ?? 0);
    const isThere = lineEnd >= 0 && to <= text.length;
    segments.push({ text: own, literal, data: literal && isThere ? text.slice(from, to) : undefined, start });
    if (literal === undefined || !isThere) return segments;
    start = to;
  }
}
