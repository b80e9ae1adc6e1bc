/**
 * One form for one password, however a keyboard composed it: SASLprep (RFC 4013) as far as Unicode today says the
 * same. A password that SASLprep prohibits is taken as it is, so that nobody is locked out by what he typed.
 */
export function preparePassword(password: string): string {
  if (/^[\x20-\x7e]*$/.test(password)) return password;
  const mapped = password
    // RFC 3454 C.1.2: spaces other than the ASCII one.
    .replace(/[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/g, ' ')
    // RFC 3454 B.1: commonly mapped to nothing.
    .replace(/\u00ad|\u034f|\u1806|[\u180b-\u180d]|[\u200b-\u200d]|\u2060|[\ufe00-\ufe0f]|\ufeff/g, '')
    .normalize('NFKC');
  return mapped === '' || /[\p{Cc}\p{Cs}]/u.test(mapped) ? password : mapped;
}
