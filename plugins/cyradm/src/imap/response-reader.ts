/** Cuts what comes from the server into responses: a line, with the literals that it announces, bounded in size. */

/** GETMETADATA of a server and LIST of one mailbox are far below. */
const MAX_RESPONSE_BYTES = 16 * 1024 * 1024;

export class ResponseReader {
  private waiting: Buffer[] = [];
  private size = 0;
  /** Of the response that is being read: where to look for the next line end. */
  private from = 0;
  /** Where that line begins: behind the last literal. */
  private lineFrom = 0;

  /** Latin1 texts without the final CRLF. @throws Error for a response that is too long */
  push(chunk: Buffer): string[] {
    this.waiting.push(chunk);
    this.size += chunk.length;
    if (this.size < this.from) return [];
    let bytes = this.waiting.length === 1 ? this.waiting[0]! : Buffer.concat(this.waiting, this.size);
    const responses: string[] = [];
    for (;;) {
      const end = bytes.indexOf('\r\n', this.from, 'latin1');
      if (end < 0) {
        this.from = Math.max(this.from, bytes.length - 1);
        break;
      }
      const literal = /\{(\d{1,10})\+?\}$/.exec(bytes.latin1Slice(Math.max(this.lineFrom, end - 16), end));
      if (literal !== null) {
        this.from = end + 2 + Number(literal[1]);
        this.lineFrom = this.from;
        if (this.from > MAX_RESPONSE_BYTES) throw tooLong();
        if (this.from > bytes.length) break;
        continue;
      }
      responses.push(bytes.latin1Slice(0, end));
      bytes = bytes.subarray(end + 2);
      this.from = 0;
      this.lineFrom = 0;
    }
    if (bytes.length > MAX_RESPONSE_BYTES) throw tooLong();
    this.waiting = bytes.length === 0 ? [] : [bytes];
    this.size = bytes.length;
    return responses;
  }
}

function tooLong(): Error {
  return new Error('the server sent a response that is too long');
}
