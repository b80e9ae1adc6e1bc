/** UIDBATCHES (RFC 10022): how the mailbox falls into batches of so many messages, the newest first. From its description. */
import {
  defineImapCommand,
  type ImapCommandContext,
  type ImapExtension,
  type MailboxSnapshot,
} from '@angarium/sdk';
import { nextTurn, Output } from '../view/index.js';

interface Batches {
  readonly size: number;
  /** Which of them, counted from 1. */
  readonly first: number;
  readonly last: number;
}

/** `215295:99695`: UIDs of the newest and the oldest message of batch `number`. */
function rangeOf(view: MailboxSnapshot, size: number, number: number): string {
  const newest = view.count - 1 - (number - 1) * size;
  const oldest = Math.max(0, newest - size + 1);
  return `${view.uidAt(newest)}:${view.uidAt(oldest)}`;
}

async function writeBatches({ session, reply, tag }: ImapCommandContext, batches: Batches): Promise<void> {
  const { view } = session.selected;
  const { size, first } = batches;
  const last = Math.min(batches.last, Math.ceil(view.count / size));
  const out = new Output(reply);
  out.text = `* UIDBATCHES (TAG "${tag}")`;
  for (let number = first; number <= last; number++) {
    out.text += `${number === first ? ' ' : ','}${rangeOf(view, size, number)}`;
    if (!out.hasEnough) continue;
    await out.pass();
    await nextTurn();
  }
  out.text += '\r\n';
  await out.pass();
}

const uidBatches = defineImapCommand({
  name: 'UIDBATCHES',
  rfc: 'RFC 10022 §3',
  states: ['selected'],
  parse(line): Batches {
    line.sp();
    const size = line.nzNumber();
    if (!line.trySp()) return { size, first: 1, last: Number.POSITIVE_INFINITY };
    const first = line.nzNumber();
    line.expect(':');
    const last = line.nzNumber();
    return { size, first: Math.min(first, last), last: Math.max(first, last) };
  },
  async run(context, batches) {
    await context.session.selected.sync(context.reply, { mayExpunge: true, withUid: true });
    await writeBatches(context, batches);
  },
});

export const uidBatchesExtension: ImapExtension = {
  name: 'UIDBATCHES',
  capabilities: [{ word: 'UIDBATCHES', states: ['authenticated', 'selected'] }],
  commands: [uidBatches],
};
