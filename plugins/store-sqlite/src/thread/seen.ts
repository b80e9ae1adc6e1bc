/** The writing side of one viewer's own \Seen; blocks are loaded when touched and saved at the end. */

import { blockOfSeenRow, seenRowOf } from '../model/ids.js';
import { BLOCK_UIDS, blockOf, SeenBlock } from '../model/overlay.js';
import { pluck, sql } from '../sql/statements.js';
import type { ShardWriter } from './shard.js';

export class ViewerSeen {
  private readonly blocks = new Map<number, SeenBlock>();
  private readonly dirty = new Map<number, number>();
  private viewerId: number | undefined;

  constructor(
    private readonly shard: ShardWriter,
    private readonly mailboxNumber: number,
    private readonly user: string,
  ) {
    this.viewerId = pluck(shard.db, 'SELECT id FROM viewer WHERE mbx = ? AND user = ?').get(
      mailboxNumber,
      user,
    ) as number | undefined;
  }

  isSeen(uid: number): boolean {
    return this.block(uid)?.isSeen(uid) ?? false;
  }

  modSeqOf(uid: number): number {
    return this.block(uid)?.modSeqOf(uid) ?? 0;
  }

  set(uid: number, isSeen: boolean, modSeq: number): void {
    const number = blockOf(uid);
    let block = this.block(uid);
    if (block === undefined) {
      block = new SeenBlock();
      this.blocks.set(number, block);
    }
    block.set(uid, isSeen, modSeq);
    this.dirty.set(number, modSeq);
  }

  save(): void {
    if (this.dirty.size === 0) return;
    const { db } = this.shard;
    this.viewerId ??= Number(
      sql(db, 'INSERT INTO viewer (mbx, user) VALUES (?, ?)').run(this.mailboxNumber, this.user)
        .lastInsertRowid,
    );
    const put = sql(db, 'INSERT OR REPLACE INTO seen (id, modseq, b) VALUES (?, ?, ?)');
    for (const [number, modSeq] of this.dirty) {
      put.run(seenRowOf(this.viewerId, number), modSeq, this.blocks.get(number)!.bytes);
    }
    this.dirty.clear();
  }

  private block(uid: number): SeenBlock | undefined {
    const number = blockOf(uid);
    const known = this.blocks.get(number);
    if (known !== undefined || this.viewerId === undefined) return known;
    const bytes = pluck(this.shard.db, 'SELECT b FROM seen WHERE id = ?').get(
      seenRowOf(this.viewerId, number),
    ) as Buffer | undefined;
    if (bytes === undefined) return undefined;
    const block = new SeenBlock(bytes);
    this.blocks.set(number, block);
    return block;
  }
}

/** First UID of a block's row, for walks over rows. */
export function firstUidOfSeenRow(row: number): number {
  return blockOfSeenRow(row) * BLOCK_UIDS;
}
