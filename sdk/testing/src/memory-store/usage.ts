/** What quota roots hold, and whether more may come: counted afresh each time. */
import { MailError, type QuotaUsage, type UsageLimit } from '@angarium/sdk';
import type { MemoryBox, MemoryMessage } from './box.js';
import type { MemoryCatalogue } from './catalogue.js';

export function usageOf(catalogue: MemoryCatalogue, quotaRoot: string): QuotaUsage {
  let bytes = 0;
  let messages = 0;
  let mailboxes = 0;
  for (const box of catalogue.allBoxes()) {
    if (box.entry.quotaRoot !== quotaRoot) continue;
    mailboxes++;
    messages += box.messages.length;
    for (const message of box.messages) bytes += message.content.bytes.length;
  }
  return { bytes, messages, mailboxes };
}

export function annotationUsageOf(catalogue: MemoryCatalogue, quotaRoot: string): number {
  let bytes = 0;
  for (const box of catalogue.allBoxes()) {
    if (box.entry.quotaRoot !== quotaRoot) continue;
    bytes += annotationOctets([...box.messages, ...box.expunged.map(({ message }) => message)]);
  }
  return bytes;
}

/** @throws MailError OVERQUOTA */
export function checkLimits(
  catalogue: MemoryCatalogue,
  limits: readonly UsageLimit[],
  box: MemoryBox,
  coming: { readonly messages: number; readonly bytes: number; readonly annotationBytes: number },
): void {
  for (const limit of limits) {
    if (limit.quotaRoot !== box.entry.quotaRoot) continue;
    const used = usageOf(catalogue, limit.quotaRoot);
    const isFree = limit.mayCross === true;
    const bytes = used.bytes + (isFree ? 0 : coming.bytes);
    const messages = used.messages + (isFree ? 0 : coming.messages);
    const annotations = coming.annotationBytes > 0 ? annotationUsageOf(catalogue, limit.quotaRoot) : 0;
    if (
      bytes > (limit.bytes ?? Number.POSITIVE_INFINITY) ||
      messages > (limit.messages ?? Number.POSITIVE_INFINITY) ||
      annotations + coming.annotationBytes > (limit.annotationBytes ?? Number.POSITIVE_INFINITY)
    ) {
      throw new MailError('OVERQUOTA', 'Over quota');
    }
  }
}

export function annotationOctets(messages: readonly MemoryMessage[]): number {
  let bytes = 0;
  for (const { annotations } of messages)
    for (const own of annotations.values()) for (const value of own.values()) bytes += value.length;
  return bytes;
}
