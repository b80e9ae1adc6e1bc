/** When a quota is nearly used up, as Cyrus decides it. */
import type { QuotaLimits, QuotaUsage } from '@angarium/sdk';
import type { QuotaConfig } from './config.js';

/** A resource that somebody should be told of. */
export interface Warning {
  readonly resource: 'STORAGE' | 'MESSAGE';
  readonly used: number;
  readonly limit: number;
  /** Whole per cent, rounded down; above 100 with a limit of 0 and some use. */
  readonly percent: number;
  readonly isOver: boolean;
}

/** Use of STORAGE and MESSAGE where they are limited. MAILBOX and annotations never warn. */
export function shares(limits: QuotaLimits, used: QuotaUsage): readonly Warning[] {
  const found: Warning[] = [];
  const look = (resource: Warning['resource'], use: number, limit: number | undefined): void => {
    if (limit === undefined) return;
    const percent = limit > 0 ? Math.floor((use * 100) / limit) : use > 0 ? 101 : 0;
    found.push({ resource, used: use, limit, percent, isOver: use > limit });
  };
  look('STORAGE', used.bytes, limits.bytes);
  look('MESSAGE', used.messages, limits.messages);
  return found;
}

/** `quotawarnpercent`, and with `quotawarnsize` or `quotawarnmsg` also less than so much left. */
export function isNearlyFull(config: QuotaConfig, { resource, percent, used, limit }: Warning): boolean {
  if (percent <= config.quotawarnpercent) return false;
  const left = limit - used;
  const kib = config.quotawarnsize > 0 ? config.quotawarnsize : config.quotawarnkb;
  const least = resource === 'STORAGE' ? kib * 1024 : config.quotawarnmsg;
  return least === 0 || least >= limit || left < least;
}

/** Cyrus's words. */
export function warningText({ resource, percent, isOver }: Warning): string {
  return isOver ? `Mailbox is over ${resource} quota` : `Mailbox is at ${percent}% of ${resource} quota`;
}
