/** Which language a client means (RFC 4647 §3.4, lookup). */

/** RFC 4647 §2.1; the client's text, since `default` is allowed beside (RFC 5255 §3.2). */
export function isLanguageRange(text: string): boolean {
  return /^(\*|[a-z]{1,8}(-[a-z0-9]{1,8})*)(-\*)*$/i.test(text);
}

/** The first range that one of `tags` (lower case) satisfies when it is cut from the right; `*` takes the first tag. */
export function lookUp(ranges: readonly string[], tags: readonly string[]): string | undefined {
  for (const text of ranges) {
    const subtags = text
      .toLowerCase()
      .split('-')
      .filter((subtag) => subtag !== '*');
    if (subtags.length === 0) return tags[0];
    while (subtags.length > 0) {
      const range = subtags.join('-');
      const found = tags.find((tag) => tag === range);
      if (found !== undefined) return found;
      subtags.pop();
      // A single letter or digit begins what has just been cut off.
      if (subtags.at(-1)?.length === 1) subtags.pop();
    }
  }
  return undefined;
}
