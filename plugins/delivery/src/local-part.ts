/** The local part of an address, without the quoting that only the mail transport needs (RFC 5321 §4.1.2). */
export function unquoteLocalPart(localPart: string): string {
  if (localPart.length < 2 || !localPart.startsWith('"') || !localPart.endsWith('"')) return localPart;
  return localPart.slice(1, -1).replace(/\\(.)/gsu, '$1');
}

/** Splits at the first separator that leaves something before it. */
export function splitDetail(
  localPart: string,
  separator: string,
): { readonly base: string; readonly detail: string | undefined } {
  const at = separator === '' ? -1 : localPart.indexOf(separator);
  return at < 1
    ? { base: localPart, detail: undefined }
    : { base: localPart.slice(0, at), detail: localPart.slice(at + separator.length) };
}
