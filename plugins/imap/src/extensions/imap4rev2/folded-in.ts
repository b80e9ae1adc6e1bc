/** What IMAP4rev2 has in it that IMAP4rev1 had as extensions (RFC 9051, Appendix E). */
import type { Features } from '../../registry.js';

interface Part {
  readonly name: string;
  isThere(features: Features): boolean;
}

function capability(...words: string[]): Part {
  return {
    name: words.join(' or '),
    isThere: ({ capabilities }) => capabilities.some(({ word }) => words.includes(word)),
  };
}

function statusItem(name: string): Part {
  return { name: `STATUS ${name}`, isThere: (features) => features.statusItem(name) !== undefined };
}

/** Items 2 and 3 of Appendix E. Response codes, grammar (RFC 4466, 5530) and special uses in LIST are in the base. */
const parts: readonly Part[] = [
  ...[
    'NAMESPACE',
    'UNSELECT',
    'UIDPLUS',
    'ESEARCH',
    'SEARCHRES',
    'ENABLE',
    'IDLE',
    'SASL-IR',
    'LIST-EXTENDED',
    'LIST-STATUS',
    'MOVE',
    // Its FETCH side (Appendix B).
    'BINARY',
  ].map((word) => capability(word)),
  capability('LITERAL-', 'LITERAL+'),
  ...['SIZE', 'DELETED'].map(statusItem),
];

/** What a server of these features lacks for IMAP4rev2. */
export function missingForRev2(features: Features): readonly string[] {
  return parts.filter((part) => !part.isThere(features)).map(({ name }) => name);
}

/** Is everything there? Worked out once for each state of the registry. */
export function rev2Offer(features: Features): () => boolean {
  let seen: unknown;
  let isComplete = false;
  return () => {
    if (seen !== features.extensions) {
      seen = features.extensions;
      isComplete = missingForRev2(features).length === 0;
    }
    return isComplete;
  };
}
