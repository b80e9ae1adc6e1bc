/** The local part of an address, without the quoting that only the mail transport needs (RFC 5321 §4.1.2). */
export function unquoteLocalPart(localPart: string): string {
  if (localPart.length < 2 || !localPart.startsWith('"') || !localPart.endsWith('"')) return localPart;
  return localPart.slice(1, -1).replace(/\\(.)/gsu, '$1');
}

/** Splits at the first of the separators (one character each) that has something before it. */
export function splitDetail(
  localPart: string,
  separators: string,
): { readonly base: string; readonly detail: string | undefined } {
  for (let at = 1; at < localPart.length; at++) {
    if (!separators.includes(localPart[at]!)) continue;
    return { base: localPart.slice(0, at), detail: localPart.slice(at + 1) };
  }
  return { base: localPart, detail: undefined };
}
