import type { ImapExtension } from '@angarium/sdk';

/** RFC 7888: the one or the other, never both (§5). */
export function literalsExtension(word: 'LITERAL+' | 'LITERAL-'): ImapExtension {
  return { name: word, capabilities: [{ word }] };
}
