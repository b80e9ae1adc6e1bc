/** Items whose data are columns of the snapshot, as functions from a row to `NAME value`. */
import type { SelectedMailbox, SnapshotChunk } from '@angarium/sdk';
import { FlagsText, SelectedView } from '../view/index.js';
import type { IndexName } from './items.js';

export type IndexPart = (chunk: SnapshotChunk, at: number, uid: number) => string;

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const SECONDS_A_DAY = 86_400;
const two = Array.from({ length: 60 }, (_, n) => String(n).padStart(2, '0'));

/** `"17-Jul-1996 02:44:25 +0000"` of seconds since 1970. Neighbours in a mailbox are often of one day. */
export class InternalDateText {
  private day = -1;
  private head = '';

  of(seconds: number): string {
    const day = Math.floor(seconds / SECONDS_A_DAY);
    if (day !== this.day) {
      const date = new Date(day * SECONDS_A_DAY * 1000);
      const dayOfMonth = String(date.getUTCDate()).padStart(2, ' ');
      this.head = `"${dayOfMonth}-${months[date.getUTCMonth()]}-${String(date.getUTCFullYear()).padStart(4, '0')} `;
      this.day = day;
    }
    const rest = seconds - day * SECONDS_A_DAY;
    return `${this.head}${two[Math.floor(rest / 3600)]}:${two[Math.floor(rest / 60) % 60]}:${two[rest % 60]} +0000"`;
  }
}

/** Flags texts of the selected mailbox: the view's own cache where it is ours. */
function flagsTextOf(selected: SelectedMailbox): FlagsText {
  return selected instanceof SelectedView ? selected.flags : new FlagsText(selected.view.head.keywordNames);
}

export function indexPart(name: IndexName, selected: SelectedMailbox): IndexPart {
  switch (name) {
    case 'FLAGS': {
      const texts = flagsTextOf(selected);
      const { recentFrom } = selected;
      return (chunk, at, uid) => `FLAGS ${texts.of(chunk, at, uid >= recentFrom && selected.isRecent(uid))}`;
    }
    case 'UID':
      return (_chunk, _at, uid) => `UID ${uid}`;
    case 'RFC822.SIZE':
      return (chunk, at) => `RFC822.SIZE ${chunk.sizes[at]}`;
    case 'MODSEQ':
      return (chunk, at) => `MODSEQ (${chunk.modseqs[at]})`;
    case 'INTERNALDATE': {
      const dates = new InternalDateText();
      return (chunk, at) => `INTERNALDATE ${dates.of(chunk.dates[at]!)}`;
    }
  }
}
