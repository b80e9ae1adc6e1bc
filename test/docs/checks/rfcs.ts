/** Cited sections exist, and a section sign has an RFC. The form itself is a house rule (test/rules/rfc-form.ts). */
import type { SourceFile } from '../../rules/sources.js';
import { checkSections, citationsIn, looseSections } from '../rfc.js';
import type { Findings } from './index.js';

/** Files that follow a standard that is no RFC → which; their section signs are of that one. */
const otherStandards: ReadonlyMap<string, string> = new Map([
  ['core/src/connections/proxy-protocol.ts', 'The PROXY protocol, versions 1 and 2'],
]);

export function rfcFindings(sources: readonly SourceFile[], dir: string | undefined): Findings {
  const loose = sources
    .filter(({ path }) => !otherStandards.has(path))
    .flatMap((file) =>
      looseSections(file).map((section) => `${file.path}: ${section} of which RFC? Write "RFC 3501 §6.4.5"`),
    );
  if (dir === undefined) {
    return {
      findings: loose,
      notes: ['RFC texts are not at hand (ANGARIUM_RFC): cited sections are not checked'],
    };
  }
  const { wrong, unread } = checkSections(sources.flatMap(citationsIn), dir);
  const notes = unread.length === 0 ? [] : [`RFC texts that are not at hand: ${unread.join(', ')}`];
  return { findings: [...loose, ...wrong], notes };
}
