/** The resources of RFC 9208 §5: their names, units and what they are called inside. */
import type { MailStore, QuotaLimits } from '@angarium/sdk';

/** What a root holds, in octets and pieces. */
export interface RootUsage {
  readonly bytes: number;
  readonly messages: number;
  readonly mailboxes: number;
  readonly annotationBytes: number;
}

export interface Resource {
  /** As the protocol names it. */
  readonly name: string;
  /** Cyrus before 3.10; taken in SETQUOTA, never sent. */
  readonly oldName?: string;
  readonly key: keyof QuotaLimits & keyof RootUsage;
  /** Octets or pieces in one unit of the protocol. */
  readonly unit: number;
}

/** In the order in which QUOTA tells them. */
export const resources: readonly Resource[] = [
  { name: 'STORAGE', key: 'bytes', unit: 1024 },
  { name: 'MESSAGE', key: 'messages', unit: 1 },
  {
    name: 'ANNOTATION-STORAGE',
    oldName: 'X-ANNOTATION-STORAGE',
    key: 'annotationBytes',
    unit: 1024,
  },
  { name: 'MAILBOX', oldName: 'X-NUM-FOLDERS', key: 'mailboxes', unit: 1 },
];

/** @param name upper case */
export function resourceNamed(name: string): Resource | undefined {
  return resources.find((resource) => resource.name === name || resource.oldName === name);
}

export async function usageOf(store: MailStore, root: string): Promise<RootUsage> {
  const [usage, annotationBytes] = await Promise.all([store.usage(root), store.annotationUsage(root)]);
  return { ...usage, annotationBytes };
}

/** Limits as they are stored: JSON of whole numbers. Unknown members are dropped, so that a newer version can be undone. */
export function encodeLimits(limits: QuotaLimits): string {
  return JSON.stringify(limits);
}

/** Undefined for what is no such text. */
export function decodeLimits(text: string): QuotaLimits | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const limits: Partial<Record<keyof QuotaLimits, number>> = {};
  for (const { key } of resources) {
    const limit = (value as Record<string, unknown>)[key];
    if (typeof limit === 'number' && limit >= 0) limits[key] = limit;
  }
  return limits;
}
