/** A small tokenizer for TypeScript, enough to tell comments and brackets from strings, templates and patterns. */

export type TokenKind = 'doc' | 'comment' | 'string' | 'template' | 'pattern' | 'word' | 'punctuation';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** Offset in the source. */
  readonly start: number;
  readonly end: number;
}

const shapes: readonly (readonly [kind: TokenKind, pattern: RegExp])[] = [
  ['doc', /\/\*\*(?!\/)[\s\S]*?\*\//y],
  ['comment', /\/\*[\s\S]*?\*\/|\/\/[^\n]*/y],
  ['string', /'(?:\\[\s\S]|[^'\\\n])*'|"(?:\\[\s\S]|[^"\\\n])*"/y],
  ['word', /#?[\p{L}\p{N}_$]+/uy],
];
const space = /\s+/y;
const pattern = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*/y;
const wordsBeforePattern = new Set([
  'return',
  'typeof',
  'case',
  'in',
  'of',
  'void',
  'throw',
  'else',
  'await',
]);

/** White space is left out; whatever is no word, string or comment is punctuation of one character. */
export function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < source.length; ) {
    const blank = matchAt(space, source, at);
    if (blank !== undefined) {
      at += blank.length;
      continue;
    }
    const [kind, text] = tokenAt(source, at, tokens);
    tokens.push({ kind, text, start: at, end: at + text.length });
    at += text.length;
  }
  return tokens;
}

function tokenAt(source: string, at: number, before: readonly Token[]): [TokenKind, string] {
  for (const [kind, shape] of shapes) {
    const text = matchAt(shape, source, at);
    if (text !== undefined) return [kind, text];
  }
  if (source[at] === '`') return ['template', source.slice(at, templateEnd(source, at + 1))];
  if (source[at] === '/' && mayBeginPattern(before)) {
    const text = matchAt(pattern, source, at);
    if (text !== undefined) return ['pattern', text];
  }
  return ['punctuation', source[at]!];
}

function matchAt(shape: RegExp, source: string, at: number): string | undefined {
  shape.lastIndex = at;
  return shape.exec(source)?.[0];
}

/** After a value a slash divides. */
function mayBeginPattern(before: readonly Token[]): boolean {
  const last = before.findLast(({ kind }) => kind !== 'doc' && kind !== 'comment');
  if (last === undefined) return true;
  if (last.kind === 'word') return wordsBeforePattern.has(last.text);
  return last.kind === 'punctuation' && !')]}'.includes(last.text);
}

/** Offset after the closing backtick; `from` is after the opening one. */
function templateEnd(source: string, from: number): number {
  for (let at = from; at < source.length; at++) {
    if (source[at] === '\\') at++;
    else if (source[at] === '`') return at + 1;
    else if (source.startsWith('${', at)) at = substitutionEnd(source, at + 2) - 1;
  }
  return source.length;
}

/** Offset after the brace that ends a `${`. */
function substitutionEnd(source: string, from: number): number {
  let depth = 1;
  for (let at = from; at < source.length; ) {
    if (source[at] === '`') {
      at = templateEnd(source, at + 1);
      continue;
    }
    const text = matchAt(shapes[2]![1], source, at);
    if (text !== undefined) {
      at += text.length;
      continue;
    }
    if (source[at] === '{') depth++;
    else if (source[at] === '}' && --depth === 0) return at + 1;
    at++;
  }
  return source.length;
}

/** The words of a comment: without its marks and the asterisks in front of its lines. */
export function commentText(comment: string): string {
  if (comment.startsWith('//')) return comment.slice(2).trim();
  return comment
    .replace(/^\/\*\*?/, '')
    .replace(/\*\/$/, '')
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, '').trimEnd())
    .join('\n')
    .trim();
}
