/** The plugin's configuration as `config.schema.json` describes it. */
import type { QuotaLimits } from '@angarium/sdk';

/** '' and -1: no limit. */
export interface LimitsConfig {
  readonly storage: string;
  readonly messages: number;
  readonly mailboxes: number;
  readonly annotationStorage: string;
}

export interface QuotaConfig {
  readonly quotawarnpercent: number;
  /** KiB. */
  readonly quotawarnsize: number;
  readonly quotawarnkb: number;
  readonly quotawarnmsg: number;
  readonly warnByMail: boolean;
  readonly warnEvery: string;
  readonly warnSender: string;
  readonly lmtp_strict_quota: boolean;
  readonly user: LimitsConfig;
  readonly domains: Readonly<Record<string, { readonly user: LimitsConfig; readonly total: LimitsConfig }>>;
}

const unitBytes: Readonly<Record<string, number>> = {
  '': 1024,
  KB: 1024,
  MB: 1024 ** 2,
  GB: 1024 ** 3,
  TB: 1024 ** 4,
};

function parseBytes(text: string): number {
  const [, count = '0', unit = ''] = /^(\d+)(\w*)$/.exec(text) ?? [];
  return Number(count) * (unitBytes[unit] ?? 1024);
}

const unitMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `90s`, `15m`, `1h`, `7d`. */
export function parseDurationMs(text: string): number {
  const [, count = '0', unit = 's'] = /^(\d+)([smhd])$/.exec(text) ?? [];
  return Math.max(1000, Number(count) * unitMs[unit]!);
}

/** Undefined: the manifest limits nothing. */
export function limitsOf(config: LimitsConfig | undefined): QuotaLimits | undefined {
  if (config === undefined) return undefined;
  const { storage, messages, mailboxes, annotationStorage } = config;
  const limits = {
    ...(storage === '' ? {} : { bytes: parseBytes(storage) }),
    ...(messages < 0 ? {} : { messages }),
    ...(mailboxes < 0 ? {} : { mailboxes }),
    ...(annotationStorage === '' ? {} : { annotationBytes: parseBytes(annotationStorage) }),
  };
  return Object.keys(limits).length === 0 ? undefined : limits;
}
