import type { FetchHead, NumberSet, SelectedMailbox, SnapshotChunk } from '@angarium/sdk';
import { nextTurn, type Output } from '../view/index.js';
import type { IndexPart } from './index-parts.js';

/** FETCH of nothing but columns: straight from the chunks, no object or promise a message. */
export async function fetchRows(
  selected: SelectedMailbox,
  indexes: NumberSet,
  parts: readonly IndexPart[],
  out: Output,
  head: FetchHead,
): Promise<void> {
  const { view } = selected;
  for (const [first, last] of indexes.ranges()) {
    for (let index = first; index <= last; ) {
      const c = view.chunkIndexOf(index);
      const chunk = view.chunks[c]!;
      const start = view.startOf(c);
      const end = Math.min(last + 1, start + chunk.count);
      out.text += rowLines(chunk, index - start, end - start, index + 1, parts, head);
      index = end;
      if (out.hasEnough) {
        await out.pass();
        await nextTurn();
      }
    }
  }
  await out.pass();
}

/** The FETCH lines of rows `from` to `to` (exclusive). */
function rowLines(
  chunk: SnapshotChunk,
  from: number,
  to: number,
  firstNumber: number,
  parts: readonly IndexPart[],
  head: FetchHead,
): string {
  const [first, ...more] = parts;
  let text = '';
  for (let at = from; at < to; at++) {
    const uid = chunk.uids[at]!;
    text += head(firstNumber + at - from, uid);
    text += first!(chunk, at, uid);
    for (let i = 0; i < more.length; i++) text += ` ${more[i]!(chunk, at, uid)}`;
    text += ')\r\n';
  }
  return text;
}
