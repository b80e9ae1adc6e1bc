/** Citations of RFCs in comments, and whether the sections exist. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SourceFile } from '../rules/sources.js';
import { commentText, tokenize } from './dts/lexer.js';

export interface Citation {
  /** Without leading zeros. */
  readonly rfc: number;
  /** `6.4.5`, `A.2`; undefined for the RFC as a whole. */
  readonly section: string | undefined;
  readonly path: string;
}

const section = '§[0-9A-Z]+(?:\\.[0-9]+)*';
const more = '(?:\\s*(?:,|and|or|to|–)\\s*)';
const citation = new RegExp(
  `\\bRFC (\\d{3,5})((?:\\s+${section}(?:${more}${section})*)?)((?:,\\s*\\d{4}\\b)*)`,
  'g',
);

/** Of the comments of one file, in their order; a citation may be broken over two lines. */
export function citationsIn({ path, text }: SourceFile): Citation[] {
  return commentsOf(text).flatMap((comment) =>
    [...comment.matchAll(citation)].flatMap(([, rfc, sections = '', others = '']) => {
      const found = [...sections.matchAll(/§([0-9A-Z.]*[0-9A-Z])/g)].map(([, name]) => name);
      const wholes = [...others.matchAll(/\d{4}/g)].map(([number]) => number);
      return [
        ...(found.length === 0 ? [undefined] : found).map((name) => ({
          rfc: Number(rfc),
          section: name,
          path,
        })),
        ...wholes.map((number) => ({ rfc: Number(number), section: undefined, path })),
      ];
    }),
  );
}

/** Section signs that no RFC number stands before in the same comment: nobody can look them up. */
export function looseSections({ text }: SourceFile): string[] {
  return commentsOf(text).flatMap((comment) => {
    const rest = comment.replace(citation, '');
    return /\bRFC \d/.test(comment)
      ? []
      : [...rest.matchAll(new RegExp(section, 'g'))].map(([found]) => found);
  });
}

function commentsOf(text: string): string[] {
  return tokenize(text)
    .filter(({ kind }) => kind === 'doc' || kind === 'comment')
    .map((token) => commentText(token.text).replace(/\s+/g, ' '));
}

/** RFC texts (`rfc3501.txt`) at hand: ANGARIUM_RFC, or shared/rfc beside the repository. */
export function rfcFolder(root: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  const dir = env['ANGARIUM_RFC'] ?? join(root, '..', 'shared', 'rfc');
  return existsSync(dir) ? dir : undefined;
}

export interface SectionCheck {
  /** In sentences. */
  readonly wrong: readonly string[];
  /** RFCs whose text is not there. */
  readonly unread: readonly number[];
}

export function checkSections(citations: readonly Citation[], dir: string): SectionCheck {
  const texts = new Map<number, string | undefined>();
  const wrong = new Set<string>();
  for (const { rfc, section: name, path } of citations) {
    if (!texts.has(rfc)) texts.set(rfc, readRfc(dir, rfc));
    const text = texts.get(rfc);
    if (text !== undefined && name !== undefined && !hasSection(text, name)) {
      wrong.add(`${path}: RFC ${rfc} has no §${name}`);
    }
  }
  const unread = [...texts].filter(([, text]) => text === undefined).map(([rfc]) => rfc);
  return { wrong: [...wrong], unread: unread.sort((a, b) => a - b) };
}

function readRfc(dir: string, rfc: number): string | undefined {
  const file = join(dir, `rfc${String(rfc).padStart(4, '0')}.txt`);
  return existsSync(file) ? readFileSync(file, 'latin1') : undefined;
}

/** A heading, in the text or its table of contents: `6.4.5.  FETCH Command`, `Appendix A.`, `A.2  …`. */
export function hasSection(rfcText: string, name: string): boolean {
  const number = name.replace(/\./g, '\\.');
  return new RegExp(
    `^[ \\t]{0,12}(?:Appendix[ \\t]+|APPENDIX[ \\t]+|Section[ \\t]+)?${number}[.:]?(?:[ \\t]+\\S|[ \\t]*$)`,
    'm',
  ).test(rfcText);
}
