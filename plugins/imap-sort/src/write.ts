import type { ImapReply } from '@angarium/sdk';
import { Turns } from './turns.js';

const WRITE_BYTES = 65_536;

/** Bulk lines in large writes, no faster than the client reads. */
export class LineWriter {
  text = '';

  constructor(private readonly reply: ImapReply) {}

  get hasEnough(): boolean {
    return this.text.length >= WRITE_BYTES;
  }

  async pass(): Promise<void> {
    const { text } = this;
    this.text = '';
    if (text !== '' && !this.reply.write(text)) await this.reply.drain();
  }
}

/** `* SORT 2 84 882`. */
export async function writeNumbers(
  reply: ImapReply,
  { start, end }: { readonly start: string; readonly end: string },
  indexes: Uint32Array,
  numberOf: (index: number) => number,
): Promise<void> {
  const out = new LineWriter(reply);
  const turns = new Turns();
  out.text = start;
  for (const index of indexes) {
    out.text += ` ${numberOf(index)}`;
    if (turns.isDue(1)) await turns.rest();
    if (out.hasEnough) await out.pass();
  }
  out.text += `${end}\r\n`;
  await out.pass();
}
