/** The message as its recipients get it: itself, or with a header that stages have changed. */
import {
  type FilingTarget,
  MailError,
  type MailStore,
  type Recipient,
  readStaged,
  type StagedMessage,
} from '@angarium/sdk';
import { fieldText } from './added-fields.js';

/** Of one recipient: no stage needs more, and what is added counts against no limit that the sender knows of. */
const MAX_ADDED_OCTETS = 64 * 1024;

/** Recipients with the same fields share one; each is staged once, when the first of them is filed. */
export class Variants implements AsyncDisposable {
  private readonly staged = new Map<string, Promise<StagedMessage>>();
  private readonly added = new Map<Recipient, string>();

  constructor(
    private readonly store: MailStore,
    private readonly original: StagedMessage,
  ) {}

  /** @throws what the store throws. */
  messageFor(recipient: Recipient, { header }: FilingTarget): StagedMessage | Promise<StagedMessage> {
    let added = this.added.get(recipient);
    if (added === undefined) this.added.set(recipient, (added = this.textOf(recipient)));
    if (added === '' && header === undefined) return this.original;
    const own = header === undefined ? '' : Buffer.from(header.octets).toString('latin1');
    const text = added + own;
    let message = this.staged.get(`${header?.end} ${text}`);
    if (message === undefined) {
      message = this.stage(text, header?.end ?? 0);
      this.staged.set(`${header?.end} ${text}`, message);
    }
    return message;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const staged of await Promise.allSettled(this.staged.values())) {
      if (staged.status === 'fulfilled') await staged.value[Symbol.asyncDispose]();
    }
  }

  private textOf(recipient: Recipient): string {
    let text = '';
    for (const field of recipient.addedFields) {
      const octets = fieldText(field);
      if (octets === undefined || text.length + octets.length > MAX_ADDED_OCTETS) {
        const name = JSON.stringify(field.name.slice(0, 80));
        recipient.trace.push({ stage: 'file', decision: `the header field ${name} cannot be added` });
      } else text += octets;
    }
    return text;
  }

  private stage(text: string, from: number): Promise<StagedMessage> {
    const { original } = this;
    const size = text.length + original.size - from;
    return this.store.stage(joined(text, original, from), { maxBytes: size, sizeHint: size });
  }
}

/** The original from there on, with the text in front. */
async function* joined(text: string, original: StagedMessage, from: number): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text, 'latin1');
  let octets = from;
  for await (const piece of readStaged(original, undefined, from)) {
    octets += piece.length;
    yield piece;
  }
  if (octets !== original.size) throw new MailError('UNAVAILABLE', 'The message could not be read again');
}
