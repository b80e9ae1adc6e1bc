/** The files that the house rules look at. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

export interface SourceFile {
  /** From the repository's root, with slashes. */
  readonly path: string;
  readonly text: string;
}

export interface Violation {
  readonly path: string;
  /** 1-based; 0 is the whole file. */
  readonly line: number;
  readonly rule: string;
  readonly text: string;
}

export interface Rule {
  readonly name: string;
  check(file: SourceFile): readonly Omit<Violation, 'path' | 'rule'>[];
}

/** The folder whose package.json has the name `angarium`, from this file upwards. */
export function repositoryRoot(from: string = import.meta.dirname): string {
  for (let dir = from; ; dir = dirname(dir)) {
    const file = join(dir, 'package.json');
    if (
      existsSync(file) &&
      (JSON.parse(readFileSync(file, 'utf8')) as { name?: string }).name === 'angarium'
    ) {
      return dir;
    }
    if (dirname(dir) === dir) throw new Error('not inside the repository');
  }
}

const roots = ['core', 'sdk', 'plugins', 'test', 'registry'];
const skipped = new Set(['node_modules', 'dist', 'data', 'generated', 'corpus', 'fixtures']);
const wanted = /\.(ts|mjs|js)$|(^|\/)package\.json$|\.schema\.json$/;

export function readSources(root: string): SourceFile[] {
  return roots
    .filter((name) => existsSync(join(root, name)))
    .flatMap((name) => [...filesBelow(join(root, name))])
    .map((file) => ({ path: relative(root, file), text: readFileSync(file, 'utf8') }));
}

function* filesBelow(dir: string): Generator<string> {
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    if (skipped.has(entry.name)) continue;
    const path = join(dir, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else if (wanted.test(path)) yield path;
  }
}

/** Also what packages leave out as `*.test.*`: helpers of tests. */
export function isTest(path: string): boolean {
  return /\.test\.(support\.)?ts$/.test(path) || path.startsWith('test/') || path.includes('/test-support/');
}

/** Every match of `pattern` (global) with its line. */
export function matches(
  text: string,
  pattern: RegExp,
): { readonly line: number; readonly found: RegExpExecArray }[] {
  return [...text.matchAll(pattern)].map((found) => ({
    line: text.slice(0, found.index).split('\n').length,
    found: found as RegExpExecArray,
  }));
}
