/**
 * list-mailbox and entry-match: `*` is any text, `%` any text without the separator (RFC 3501 §6.3.8, RFC 5257 §4.3). All places in
 * the pattern are followed at once, so it costs at most pattern times text, whatever the pattern is.
 */
export function wildcardMatch(pattern: string, text: string, separator: string): boolean {
  const end = pattern.length;
  const isWild = (at: number): boolean => pattern[at] === '*' || pattern[at] === '%';
  let marks = new Uint8Array(end + 1);
  const reach = (to: Uint8Array, at: number): void => {
    for (let i = at; to[i] === 0; i++) {
      to[i] = 1;
      if (i === end || !isWild(i)) return;
    }
  };
  reach(marks, 0);
  for (const character of text.split('')) {
    const next = new Uint8Array(end + 1);
    let isAlive = false;
    for (let at = 0; at < end; at++) {
      if (marks[at] === 0) continue;
      const token = pattern[at];
      if (token === '*' || (token === '%' && character !== separator)) reach(next, at);
      else if (token === character && !isWild(at)) reach(next, at + 1);
      else continue;
      isAlive = true;
    }
    if (!isAlive) return false;
    marks = next;
  }
  return marks[end] === 1;
}
