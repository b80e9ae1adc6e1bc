/**
 * PREVIEW (RFC 8970): the beginning of a message's text, made when it is asked for out of the first octets of a part, so that
 * nothing is stored and every message costs one bounded reading. LAZY is answered as well: it is no undue delay.
 */
import {
  type ContentRequest,
  decodeCharset,
  decodeTransfer,
  type FetchBatch,
  type FetchItem,
  type ImapExtension,
  type NumberedSection,
  parse,
  previewOf,
  SummaryView,
  sectionsOf,
} from '@angarium/sdk';
import { ContentReader, readWhole } from '../fetch/contents.js';
import { nextTurn } from '../view/index.js';
import { octetsOf, quoteString } from '../wire/index.js';

/** Of an encoded part; HTML has its styles in front. */
const PLAIN_BYTES = 8 * 1024;
const HTML_BYTES = 64 * 1024;
/** Parts of one message that are tried: the first may be empty. */
const MAX_PARTS_TRIED = 3;
/** Messages made before other sessions have their turn. */
const MESSAGES_A_TURN = 32;

const decodable = new Set(['7bit', '8bit', 'binary', 'base64', 'quoted-printable']);

function isText({ path, type, subtype, encoding }: NumberedSection): boolean {
  if (path.length === 0 || type !== 'text' || !decodable.has(encoding)) return false;
  return subtype === 'plain' || subtype === 'html';
}

/** A message whose preview is being made. */
interface Pending {
  readonly at: number;
  readonly uid: number;
  readonly parts: readonly NumberedSection[];
}

async function textParts({ session, uids, summaries }: FetchBatch, at: number): Promise<Pending> {
  const summary = new SummaryView(summaries!.records[at]!);
  const uid = uids[at]!;
  let sections: Iterable<NumberedSection> = [];
  if (summary.sectionsStored) sections = summary.sections();
  else {
    const bytes = await readWhole(session.selected.mailbox, uid);
    if (bytes !== undefined) sections = sectionsOf(parse(bytes));
  }
  const parts: NumberedSection[] = [];
  for (const section of sections) {
    if (isText(section) && section.bodyLength > 0) parts.push(section);
    if (parts.length === MAX_PARTS_TRIED) break;
  }
  return { at, uid, parts };
}

function requestOf({ uid }: Pending, { subtype, bodyOffset, bodyLength }: NumberedSection): ContentRequest {
  const most = subtype === 'html' ? HTML_BYTES : PLAIN_BYTES;
  return { uid, from: bodyOffset, to: bodyOffset + Math.min(bodyLength, most) };
}

function previewFrom(octets: Buffer, { subtype, encoding, charset }: NumberedSection): string {
  const text = decodeCharset(decodeTransfer(octets, encoding), charset);
  return previewOf(text, subtype === 'html' ? 'html' : 'plain');
}

/** Previews by position in the batch; '' where there is nothing to show (RFC 8970 §3.2). */
async function previews(batch: FetchBatch): Promise<string[]> {
  const found = new Array<string>(batch.uids.length).fill('');
  let pending: Pending[] = [];
  for (let at = 0; at < batch.uids.length; at++) pending.push(await textParts(batch, at));
  for (let round = 0; round < MAX_PARTS_TRIED; round++) {
    pending = pending.filter(({ at, parts }) => found[at] === '' && parts.length > round);
    if (pending.length === 0) break;
    const requests = pending.map((message) => requestOf(message, message.parts[round]!));
    await using reader = new ContentReader(batch.session.selected.mailbox, requests);
    for (const [request, { at, parts }] of pending.entries()) {
      const octets = await reader.collect(request);
      if (octets !== undefined) found[at] = previewFrom(octets, parts[round]!);
      if (request % MESSAGES_A_TURN === MESSAGES_A_TURN - 1) await nextTurn();
    }
  }
  return found;
}

const preview: FetchItem = {
  name: 'PREVIEW',
  needs: 'message',
  /** `[SP "(" preview-mod *(SP preview-mod) ")"]` (RFC 8970 §6). */
  parse(line) {
    if (!line.tryExpect(' (LAZY')) return;
    while (line.tryExpect(' LAZY'));
    line.expect(')');
  },
  async run(batch) {
    const { enabled } = batch.session;
    const isUtf8 = enabled.has('IMAP4REV2') || enabled.has('UTF8=ACCEPT');
    return (await previews(batch)).map((text) => `PREVIEW ${quoteString(octetsOf(text), isUtf8)}`);
  },
};

export const previewExtension: ImapExtension = {
  name: 'PREVIEW',
  capabilities: [{ word: 'PREVIEW', states: ['authenticated', 'selected'] }],
  fetchItems: [preview],
};
