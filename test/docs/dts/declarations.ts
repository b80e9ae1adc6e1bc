/** What an emitted declaration file (`*.d.ts`) declares, with doc comments. No types are resolved. */
import { commentText, type Token, tokenize } from './lexer.js';

export interface Declaration {
  readonly name: string;
  /** `const`, `function`, `class`, `interface`, `type`, … */
  readonly kind: string;
  readonly doc: string | undefined;
  /** The declaration without `export` and `declare`, without private members. */
  readonly text: string;
  readonly isExported: boolean;
  /** Of an interface, class or object type. */
  readonly members: readonly Member[];
}

export interface Member {
  /** Without quotes. */
  readonly name: string;
  readonly doc: string | undefined;
  readonly text: string;
}

/** `export { a as b } from 'from'`, or of a name of this file when `from` is undefined. */
export interface ReExport {
  readonly from: string | undefined;
  readonly names: 'all' | readonly ExportedName[];
}

export interface ExportedName {
  readonly local: string;
  readonly exported: string;
}

export interface DeclarationFile {
  /** The comment at the top that speaks of the whole file. */
  readonly header: string | undefined;
  readonly declarations: readonly Declaration[];
  readonly reExports: readonly ReExport[];
  /** Imported name → module. */
  readonly imports: ReadonlyMap<string, string>;
  /** Interfaces that `declare module` and `declare global` add to. */
  readonly augmentations: readonly Declaration[];
}

/** Tokens of one statement, and the comments in front of it. */
interface Statement {
  readonly tokens: readonly Token[];
  readonly docs: readonly string[];
}

const blockKinds = new Set(['interface', 'class', 'enum', 'namespace', 'module', 'global']);
const modifiers = new Set(['export', 'declare', 'default', 'abstract', 'async']);

export function parseDeclarations(source: string): DeclarationFile {
  const statements = statementsOf(tokenize(source));
  const declarations: Declaration[] = [];
  const reExports: ReExport[] = [];
  const imports = new Map<string, string>();
  const augmentations: Declaration[] = [];
  for (const { tokens, docs } of statements) {
    const words = tokens.map(({ text }) => text);
    const [first, second] = words;
    if (first === 'import') for (const [name, from] of importsOf(tokens)) imports.set(name, from);
    else if (first === 'export' && isExportList(words)) reExports.push(reExportOf(tokens));
    else if (first === 'declare' && (second === 'module' || second === 'global')) {
      const body = statementsOf(bodyOf(tokens));
      augmentations.push(...body.map((statement) => declarationOf(source, statement)));
    } else declarations.push(declarationOf(source, { tokens, docs }));
  }
  return { header: headerOf(statements), declarations, reExports, imports, augmentations };
}

function isExportList(words: readonly string[]): boolean {
  return words[1] === '*' || words[1] === '{' || (words[1] === 'type' && '{*'.includes(words[2] ?? ' '));
}

/** The first comment is the file's when it stands before an import, or before another comment. */
function headerOf(statements: readonly Statement[]): string | undefined {
  const [first] = statements;
  if (first === undefined) return undefined;
  const words = first.tokens.map(({ text }) => text);
  const isAlone =
    words[0] === 'import' || isExportList(words) || words[1] === 'module' || words[1] === 'global';
  return isAlone || first.docs.length > 1 ? first.docs[0] : undefined;
}

function statementsOf(tokens: readonly Token[]): Statement[] {
  const statements: Statement[] = [];
  let docs: string[] = [];
  let current: Token[] = [];
  let depth = 0;
  const end = () => {
    if (current.length > 0) statements.push({ tokens: current, docs });
    docs = [];
    current = [];
  };
  for (const token of tokens) {
    if (token.kind === 'doc' && current.length === 0) docs.push(commentText(token.text));
    if (token.kind === 'comment' || (token.kind === 'doc' && depth === 0)) continue;
    if (token.kind === 'punctuation') depth += depthChange(token.text);
    if (token.text === ';' && depth === 0 && token.kind === 'punctuation') end();
    else {
      current.push(token);
      if (token.text === '}' && depth === 0 && isBlock(current)) end();
    }
  }
  end();
  return statements;
}

function depthChange(text: string): number {
  if ('([{'.includes(text)) return 1;
  return ')]}'.includes(text) ? -1 : 0;
}

/** Statements that end with their brace. */
function isBlock(tokens: readonly Token[]): boolean {
  const kind = tokens.find(({ text }) => !modifiers.has(text));
  return kind !== undefined && blockKinds.has(kind.text);
}

/** What is between the first `{` of depth 0 and its `}`. */
function bodyOf(tokens: readonly Token[]): readonly Token[] {
  let depth = 0;
  let from = -1;
  for (const [index, { kind, text }] of tokens.entries()) {
    if (kind !== 'punctuation') continue;
    if (text === '{' && depth === 0) from = index + 1;
    depth += depthChange(text);
    if (text === '}' && depth === 0 && from >= 0) return tokens.slice(from, index);
  }
  return [];
}

function declarationOf(source: string, { tokens, docs }: Statement): Declaration {
  const begin = tokens.findIndex(({ text }) => text !== 'export' && text !== 'declare');
  const at = tokens.findIndex(({ text }) => !modifiers.has(text));
  const [kind, name] = [tokens[at]?.text ?? '', tokens[at + 1]?.text ?? ''];
  const hasMembers = kind !== 'function' && kind !== 'type';
  const members = hasMembers ? statementsOf(bodyOf(tokens)) : [];
  const last = tokens.at(-1)!;
  const isBlockEnd = isBlock(tokens);
  const hidden = members.filter(isPrivate).map((member) => spanOf(source, member));
  const text = without(source, tokens[begin]!.start, last.end, hidden);
  return {
    name,
    kind,
    doc: docs.at(-1),
    text: tidy(text) + (isBlockEnd ? '' : ';'),
    isExported: tokens[0]!.text === 'export',
    members: members.filter((member) => !isPrivate(member)).map((member) => memberOf(source, member)),
  };
}

function memberOf(source: string, { tokens, docs }: Statement): Member {
  const name = tokens.find(({ text }) => !['readonly', 'static', 'get', 'set'].includes(text))!;
  const text = tidy(source.slice(tokens[0]!.start, tokens.at(-1)!.end));
  return { name: name.text.replace(/^['"]|['"]$/g, ''), doc: docs.at(-1), text };
}

function isPrivate({ tokens }: Statement): boolean {
  return tokens[0]!.text === 'private' || tokens[0]!.text.startsWith('#');
}

/** A member with its comment and line end. */
function spanOf(source: string, { tokens }: Statement): readonly [from: number, to: number] {
  let from = tokens[0]!.start;
  const before = source.slice(0, from);
  const comment = /\/\*\*(?:(?!\*\/)[\s\S])*\*\/\s*$/.exec(before);
  if (comment !== null) from = comment.index;
  from = source.lastIndexOf('\n', from);
  return [from, tokens.at(-1)!.end + 1];
}

function without(
  source: string,
  start: number,
  end: number,
  hidden: readonly (readonly [from: number, to: number])[],
): string {
  let text = '';
  let at = start;
  for (const [from, to] of hidden) {
    text += source.slice(at, from);
    at = to;
  }
  return text + source.slice(at, end);
}

/** Two spaces of indentation, and no paths of imported types. */
function tidy(text: string): string {
  return text
    .replace(/\bimport\("[^"]*"\)\./g, '')
    .replace(/^( {4})+/gm, (indentation) => ' '.repeat(indentation.length / 2));
}

function importsOf(tokens: readonly Token[]): [name: string, from: string][] {
  const from = tokens.findLast(({ kind }) => kind === 'string')?.text.slice(1, -1) ?? '';
  return namesIn(bodyOf(tokens)).map(({ exported }) => [exported, from]);
}

function reExportOf(tokens: readonly Token[]): ReExport {
  const from = tokens.find(({ kind }) => kind === 'string')?.text.slice(1, -1);
  const isAll = tokens.some(({ text }, index) => text === '*' && index < 3);
  return { from, names: isAll ? 'all' : namesIn(bodyOf(tokens)) };
}

/** `a, type b as c` */
function namesIn(tokens: readonly Token[]): ExportedName[] {
  const lists = tokens
    .map(({ text }) => text)
    .join(' ')
    .split(',');
  return lists.flatMap((list) => {
    const words = list.trim().split(' ');
    if (words[0] === 'type' && words.length > 1 && words[1] !== 'as') words.shift();
    const [local, , exported = local] = words;
    return local === undefined || local === '' ? [] : [{ local, exported: exported! }];
  });
}

/** The members of `type X = 'A' | 'B'` with the comment in front of each; also from a source file. */
export function unionMembers(source: string, typeName: string): Member[] {
  const tokens = tokenize(source);
  const at = tokens.findIndex(({ text }, index) => text === typeName && tokens[index - 1]?.text === 'type');
  const members: Member[] = [];
  let doc: string | undefined;
  for (const { kind, text } of at < 0 ? [] : tokens.slice(at + 1)) {
    if (text === ';') break;
    if (kind === 'doc') doc = commentText(text);
    if (kind !== 'string') continue;
    members.push({ name: text.slice(1, -1), doc, text });
    doc = undefined;
  }
  return members;
}
