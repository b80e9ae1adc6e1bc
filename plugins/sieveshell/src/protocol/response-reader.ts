/** Cuts what a ManageSieve server sends into responses: lines as tokens, with their literals in place (RFC 5804 §4). */

export type Token =
  | { readonly is: 'atom'; readonly text: string }
  | { readonly is: 'string'; readonly octets: Buffer }
  | { readonly is: 'open' | 'close' };

/** The server does not speak this protocol. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}

/** A line of capabilities, names or a status; more is no ManageSieve server. */
const MAX_LINE_BYTES = 256 * 1024;
/** A script. */
const MAX_LITERAL_BYTES = 256 * 1024 * 1024;

export class ResponseReader {
  private readonly chunks: Buffer[] = [];
  private length = 0;
  /** So many octets are needed before it is worth looking again. */
  private wanted = 1;

  /** @throws ProtocolError */
  push(chunk: Buffer): Token[][] {
    this.chunks.push(chunk);
    this.length += chunk.length;
    if (this.length < this.wanted) return [];
    let bytes = Buffer.concat(this.chunks);
    const lines: Token[][] = [];
    for (;;) {
      const read = readResponse(bytes);
      if (typeof read === 'number') {
        this.wanted = read;
        break;
      }
      lines.push(read.tokens);
      bytes = bytes.subarray(read.end);
    }
    this.chunks.length = 0;
    this.chunks.push(bytes);
    this.length = bytes.length;
    return lines;
  }
}

/** A number: it is not whole, and so many octets are needed at least. @throws ProtocolError */
function readResponse(bytes: Buffer): { readonly tokens: Token[]; readonly end: number } | number {
  const tokens: Token[] = [];
  for (let start = 0; ; ) {
    const end = bytes.indexOf(10, start);
    if (end < 0) {
      if (bytes.length - start > MAX_LINE_BYTES) throw new ProtocolError('a line without end');
      return bytes.length + 1;
    }
    const line = bytes.latin1Slice(start, end).replace(/\r$/, '');
    const literal = readLine(line, tokens);
    if (literal === undefined) return { tokens, end: end + 1 };
    if (literal > MAX_LITERAL_BYTES) throw new ProtocolError('a literal without measure');
    const literalEnd = end + 1 + literal;
    // Its line goes on behind it.
    if (bytes.length < literalEnd + 1) return literalEnd + 1;
    tokens.push({ is: 'string', octets: Buffer.from(bytes.subarray(end + 1, literalEnd)) });
    start = literalEnd;
  }
}

/** Adds the tokens of one line; answers the size of the literal it ends with. @throws ProtocolError */
function readLine(line: string, tokens: Token[]): number | undefined {
  const pattern = /(\() *|(\)) *|"((?:[^"\\]|\\.)*)" *|\{(\d{1,10})\+?\}$|([^\s"(){}]+) *| +/y;
  while (pattern.lastIndex < line.length) {
    const at = pattern.lastIndex;
    const found = pattern.exec(line);
    if (found === null) throw new ProtocolError(`cannot read ${JSON.stringify(line.slice(at, at + 80))}`);
    const [, open, close, quoted, literal, atom] = found;
    if (open !== undefined) tokens.push({ is: 'open' });
    else if (close !== undefined) tokens.push({ is: 'close' });
    else if (quoted !== undefined)
      tokens.push({ is: 'string', octets: Buffer.from(quoted.replace(/\\(.)/g, '$1'), 'latin1') });
    else if (literal !== undefined) return Number(literal);
    else if (atom !== undefined) tokens.push({ is: 'atom', text: atom });
  }
  return undefined;
}
