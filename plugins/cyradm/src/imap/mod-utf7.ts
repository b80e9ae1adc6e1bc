/** Modified UTF-7 (RFC 3501 §5.1.3) for what an administrator types and reads. */

/** What is ASCII already passes as it is: whoever writes `&AOQ-` by hand means it. */
export function encodeName(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  return text.replaceAll('&', '&-').replace(/[^\x20-\x7e]+/g, (run) => {
    const base64 = Buffer.from(run, 'utf16le').swap16().toString('base64');
    return `&${base64.replace(/=+$/, '').replaceAll('/', ',')}-`;
  });
}

/** What is not well-formed, or would not come back when it is typed, is shown as it came. */
export function decodeName(name: string): string {
  const text = name.replace(/&([A-Za-z0-9+,]*)-/g, (whole, base64: string) => {
    if (base64 === '') return '&';
    const bytes = Buffer.from(base64.replaceAll(',', '/'), 'base64');
    return bytes.length % 2 === 0 ? bytes.swap16().toString('utf16le') : whole;
  });
  return text.isWellFormed() && encodeName(text) === name ? text : name;
}
