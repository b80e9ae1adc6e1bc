/** The message as its recipients get it: itself, or with header fields in front that stages have added. */
import { MailError, type MailStore, type Recipient, readStaged, type StagedMessage } from '@angarium/sdk';
import { fieldText } from './added-fields.js';

/** Of one recipient: no stage needs more, and what is added counts against no limit that the sender knows of. */
const MAX_ADDED_OCTETS = 64 * 1024;

/** Recipients with the same fields share one; each is staged once, when the first of them is filed. */
export class Variants implements AsyncDisposable {
  private readonly staged = new Map<string, Promise<StagedMessage>>();

  constructor(
    private readonly store: MailStore,
    private readonly original: StagedMessage,
  ) {}

  /** @throws what the store throws. */
  messageFor(recipient: Recipient): StagedMessage | Promise<StagedMessage> {
    if (recipient.addedFields.length === 0) return this.original;
    const text = this.textOf(recipient);
    if (text === '') return this.original;
    let message = this.staged.get(text);
    if (message === undefined) {
      message = this.stage(text);
      this.staged.set(text, message);
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

  private stage(text: string): Promise<StagedMessage> {
    const { original } = this;
    const size = text.length + original.size;
    return this.store.stage(joined(text, original), { maxBytes: size, sizeHint: size });
  }
}

async function* joined(text: string, original: StagedMessage): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text, 'latin1');
  let octets = 0;
  for await (const piece of readStaged(original)) {
    octets += piece.length;
    yield piece;
  }
  if (octets !== original.size) throw new MailError('UNAVAILABLE', 'The message could not be read again');
}
