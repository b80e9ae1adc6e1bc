/** date-text (RFC 3501 §9). date-time is read by the message toolkit's `parseInternalDate`. */

export interface CalendarDate {
  readonly year: number;
  /** 1-12 */
  readonly month: number;
  readonly day: number;
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** `1-Feb-1994`, `01-feb-1994`; undefined for what is no date of the calendar. */
export function parseDateText(text: string): CalendarDate | undefined {
  const match = /^(\d{1,2})-([a-z]{3})-(\d{4})$/i.exec(text);
  if (match === null) return undefined;
  const day = Number(match[1]);
  const month = months.indexOf(match[2]!.toLowerCase()) + 1;
  const year = Number(match[3]);
  if (month === 0 || day === 0 || day > daysIn(year, month)) return undefined;
  return { year, month, day };
}

function daysIn(year: number, month: number): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
}
