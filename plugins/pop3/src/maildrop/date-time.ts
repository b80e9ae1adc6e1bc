const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `24-Nov-2026 06:11:18 +0000` (RFC 3501 §9, date-time), which is how Cyrus tells times in annotations. */
export function dateTime(ms: number): string {
  const [date = '', time = ''] = new Date(ms).toISOString().split(/[T.]/);
  const [year, month, day] = date.split('-');
  return `${day?.replace(/^0/, ' ')}-${months[Number(month) - 1]}-${year} ${time} +0000`;
}
