/**
 * Dates of mail: RFC 5322 §3.3 with the obsolete forms of §4.3 and what else is found in Date fields (asctime,
 * ISO 8601, month before day, names of zones); formatting for RFC 5322 and IMAP. All instants are epoch ms.
 */
export interface MailDate {
  readonly ms: number;
  /** East of UTC; 0 when the zone is unknown. */
  readonly zoneMinutes: number;
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const MONTH_NAMES = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DAY_NAMES = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** No date is longer; the bound keeps the expressions cheap. */
const MAX_LENGTH = 200;

/** Date field value (RFC 5322 §3.3, obsolete zones) → ms, or undefined for garbage. */
export function parseDate(value: string): number | undefined {
  return parseMailDate(value)?.ms;
}

/** An unreadable time is 00:00:00, an unreadable zone UTC (RFC 5256 §2.2); an impossible day is no date. */
export function parseMailDate(value: string): MailDate | undefined {
  const text = withoutComments(value.slice(0, MAX_LENGTH));
  const iso = /^\s*(\d{4})-(\d{2})-(\d{2})(?:[T ]+(.*))?$/.exec(text);
  if (iso !== null) {
    return instant(Number(iso[1]), Number(iso[2]) - 1, Number(iso[3]), iso[4] ?? '');
  }
  const dayFirst = /(\d{1,2})[\s.,-]*([A-Za-z]{3})[A-Za-z]*[\s.,-]+(\d{2,4})(?!\d|:)(.*)$/.exec(text);
  if (dayFirst !== null) {
    const month = MONTHS.indexOf((dayFirst[2] ?? '').toLowerCase());
    if (month >= 0)
      return instant(fullYear(dayFirst[3] ?? ''), month, Number(dayFirst[1]), dayFirst[4] ?? '');
  }
  return monthFirst(text);
}

/** "Wed Jul 17 02:44:25 1996", "July 17, 1996 02:44 +0200". */
function monthFirst(text: string): MailDate | undefined {
  const match = /\b([A-Za-z]{3})[A-Za-z]*\.?\s+(\d{1,2})(?:st|nd|rd|th)?\b(?!:)(.*)$/.exec(
    text.replace(/^\s*(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*[\s,]+/i, ''),
  );
  const month = MONTHS.indexOf((match?.[1] ?? '').toLowerCase());
  const rest = match?.[3] ?? '';
  const year = /(?<![\d:+-])(\d{4})(?!\d)/.exec(rest);
  if (match === null || month < 0 || year === null) return undefined;
  return instant(Number(year[1]), month, Number(match[2]), rest.replace(/(?<![\d:+-])\d{4}(?!\d)/, ' '));
}

function fullYear(digits: string): number {
  const year = Number(digits);
  if (digits.length >= 4) return year;
  // RFC 5322 §4.3: two digits up to 49 are of this century, the rest and three digits count from 1900.
  return digits.length === 2 && year < 50 ? year + 2000 : year + 1900;
}

function instant(year: number, month: number, day: number, rest: string): MailDate | undefined {
  if (month < 0 || month > 11 || day < 1) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month, day);
  if (date.getUTCMonth() !== month || date.getUTCDate() !== day) return undefined;
  const time = /(\d{1,2})\s*[:.]\s*(\d{1,2})(?:\s*[:.]\s*(\d{1,2})(?:[.,]\d+)?)?\s*([AaPp][Mm]\b)?(.*)$/.exec(
    rest,
  );
  let seconds = 0;
  if (time !== null) {
    const half = (time[4] ?? '').toLowerCase();
    let hours = Number(time[1]);
    if (half !== '' && hours <= 12) hours = (hours % 12) + (half === 'pm' ? 12 : 0);
    const minutes = Number(time[2]);
    const second = Number(time[3] ?? 0);
    if (hours < 24 && minutes < 60 && second <= 60) seconds = hours * 3600 + minutes * 60 + second;
  }
  const zoneMinutes = zone(time === null ? rest : (time[5] ?? ''));
  return { ms: date.getTime() + seconds * 1000 - zoneMinutes * 60_000, zoneMinutes };
}

/** RFC 5322 §4.3: single letters other than Z say nothing and are UTC. */
const ZONES: Readonly<Record<string, number>> = {
  __proto__: null as never,
  EST: -300,
  EDT: -240,
  CST: -360,
  CDT: -300,
  MST: -420,
  MDT: -360,
  PST: -480,
  PDT: -420,
  CET: 60,
  CEST: 120,
  MET: 60,
  MEST: 120,
  MEZ: 60,
  MESZ: 120,
  EET: 120,
  EEST: 180,
  WEST: 60,
  BST: 60,
  MSK: 180,
  MSD: 240,
  IST: 330,
  JST: 540,
  KST: 540,
  HKT: 480,
  SGT: 480,
  AEST: 600,
  AEDT: 660,
  NZST: 720,
  NZDT: 780,
  AKST: -540,
  AKDT: -480,
  HST: -600,
};

function zone(text: string): number {
  const numeric = /([+-])\s?(\d{1,2}):?(\d{2})(?!\d)/.exec(text);
  if (numeric !== null) {
    const minutes = Number(numeric[2]) * 60 + Number(numeric[3]);
    if (Number(numeric[3]) > 59 || minutes >= 24 * 60) return 0;
    return numeric[1] === '-' && minutes > 0 ? -minutes : minutes;
  }
  return ZONES[/[A-Za-z]+/.exec(text)?.[0].toUpperCase() ?? ''] ?? 0;
}

function withoutComments(value: string): string {
  if (!value.includes('(')) return value;
  let depth = 0;
  let out = '';
  for (const c of value) {
    if (c === '(') depth++;
    else if (c === ')') depth = Math.max(0, depth - 1);
    else if (depth === 0) out += c;
  }
  return out;
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

function zoneText(minutes: number): string {
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}${two(size % 60)}`;
}

function yearText(date: Date): string {
  return String(Math.max(0, date.getUTCFullYear())).padStart(4, '0');
}

/** The instant's fields in a zone; an instant no date has is the epoch. */
function local(ms: number, zoneMinutes: number): Date {
  const date = new Date(ms + zoneMinutes * 60_000);
  return Number.isNaN(date.getTime()) ? new Date(zoneMinutes * 60_000) : date;
}

function timeText(date: Date): string {
  return `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
}

/** IMAP date-time without its quotes, RFC 3501 §9: `17-Jul-1996 02:44:25 -0700`, a day below 10 as ` 7`. */
export function formatInternalDate(ms: number, zoneMinutes = 0): string {
  const date = local(ms, zoneMinutes);
  const month = MONTH_NAMES[date.getUTCMonth()] ?? '';
  const day = String(date.getUTCDate()).padStart(2, ' ');
  return `${day}-${month}-${yearText(date)} ${timeText(date)} ${zoneText(zoneMinutes)}`;
}

/** IMAP date-time as APPEND has it, quotes removed; undefined when it is not one. */
export function parseInternalDate(text: string): number | undefined {
  const match = /^( \d|\d{2}|\d)-([A-Za-z]{3})-(\d{4}) (\d{2}):(\d{2}):(\d{2}) ([+-])(\d{2})(\d{2})$/.exec(
    text,
  );
  if (match === null) return undefined;
  const month = MONTHS.indexOf((match[2] ?? '').toLowerCase());
  const [hours, minutes, seconds] = [Number(match[4]), Number(match[5]), Number(match[6])];
  if (hours > 23 || minutes > 59 || seconds > 60 || Number(match[9]) > 59) return undefined;
  return instant(Number(match[3]), month, Number(match[1]), text.slice(text.indexOf(' ', 2) + 1))?.ms;
}

/** RFC 5322 §3.3: `Wed, 17 Jul 1996 02:44:25 -0700`. */
export function formatMailDate(ms: number, zoneMinutes = 0): string {
  const date = local(ms, zoneMinutes);
  const day = DAY_NAMES[date.getUTCDay()] ?? '';
  const month = MONTH_NAMES[date.getUTCMonth()] ?? '';
  return `${day}, ${two(date.getUTCDate())} ${month} ${yearText(date)} ${timeText(date)} ${zoneText(zoneMinutes)}`;
}
