import { AT, FLAG } from './summary-format.js';

/**
 * A copy of a summary for another filing of the same message: the store learns the internal date after it has parsed,
 * and a copy has a save date of its own (RFC 8514). Where the message has no Date field, the sent date follows.
 */
export function redateSummary(summary: Buffer, internalDateMs: number, saveDateMs: number): Buffer {
  const copy = Buffer.from(summary);
  copy.writeDoubleLE(internalDateMs, AT.internalDate);
  copy.writeDoubleLE(saveDateMs, AT.saveDate);
  if ((copy[AT.flags]! & FLAG.sentDate) === 0) copy.writeDoubleLE(internalDateMs, AT.sentDate);
  return copy;
}
