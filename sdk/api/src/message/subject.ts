/** What RFC 5256 takes a subject for. */
export interface BaseSubject {
  readonly base: string;
  /** Something of the kind of Re:, Fwd: or (fwd) was taken off. */
  readonly isReplyOrForward: boolean;
}

/** A longer subject is cut: sorting needs no more, and the rules below look at leading blobs repeatedly. */
const MAX_SUBJECT = 2000;

/** Base subject of a decoded subject, RFC 5256 §2.1; the steps are numbered as there. */
export function baseSubject(decoded: string): BaseSubject {
  let text = decoded.slice(0, MAX_SUBJECT).replace(/[\s\0]+/g, ' '); // (1)
  let isReplyOrForward = false;
  for (;;) {
    const trimmed = withoutTrailers(text); // (2)
    if (trimmed.removed) isReplyOrForward = true;
    const start = withoutLeaders(trimmed.text); // (3) to (5)
    if (start.removed) isReplyOrForward = true;
    text = trimmed.text.slice(start.at);
    const forwarded = /^\[fwd:(.*)\]$/i.exec(text); // (6)
    if (forwarded === null) return { base: text, isReplyOrForward };
    isReplyOrForward = true;
    text = forwarded[1] ?? '';
  }
}

/** subj-trailer: blanks and "(fwd)". */
function withoutTrailers(text: string): { text: string; removed: boolean } {
  let rest = text.trimEnd();
  let removed = false;
  while (/\(fwd\)$/i.test(rest)) {
    rest = rest.slice(0, -5).trimEnd();
    removed = true;
  }
  return { text: rest, removed };
}

/** Where the base starts: subj-leaders off, then one subj-blob unless nothing would be left, and again. */
function withoutLeaders(text: string): { at: number; removed: boolean } {
  let at = 0;
  let removed = false;
  for (;;) {
    while (text.charCodeAt(at) === 32) at++;
    let afterBlobs = at;
    for (let next = blobEnd(text, at); next > 0; next = blobEnd(text, next)) afterBlobs = next;
    const refwd = /re|fwd?/iy;
    refwd.lastIndex = afterBlobs;
    let end = refwd.test(text) ? refwdEnd(text, refwd.lastIndex) : 0;
    if (end > 0) {
      removed = true;
      at = end;
      continue;
    }
    end = blobEnd(text, at);
    if (end === 0 || end >= text.length) return { at, removed };
    at = end;
  }
}

/** After "re" or "fw": blanks, at most one blob, a colon; 0 when it is not so. */
function refwdEnd(text: string, from: number): number {
  let at = from;
  while (text.charCodeAt(at) === 32) at++;
  const blob = blobEnd(text, at);
  if (blob > 0) at = blob;
  return text.charCodeAt(at) === 58 ? at + 1 : 0;
}

/** End of the subj-blob `[...]` with the blanks behind it at `from`, 0 when there is none. */
function blobEnd(text: string, from: number): number {
  if (text.charCodeAt(from) !== 91) return 0;
  let at = from + 1;
  for (; at < text.length; at++) {
    const c = text.charCodeAt(at);
    if (c === 91) return 0;
    if (c === 93) break;
  }
  if (at >= text.length) return 0;
  for (at++; text.charCodeAt(at) === 32; ) at++;
  return at;
}
