/** The public surface of a package of declaration files, module by module, as its index files re-export it. */
import { posix } from 'node:path';
import { type Declaration, type DeclarationFile, parseDeclarations } from './declarations.js';

export interface ApiModule {
  /** The folder; '' is what lies beside the package's own index. */
  readonly name: string;
  readonly header: string | undefined;
  readonly files: readonly ApiFile[];
}

export interface ApiFile {
  /** `contracts/mail-store`, without ending. */
  readonly path: string;
  readonly header: string | undefined;
  readonly exports: readonly ApiExport[];
  readonly augmentations: readonly Declaration[];
}

export interface ApiExport {
  readonly name: string;
  readonly doc: string | undefined;
  /** Several for overloads, and for a type and a value of one name. Empty for what a library declares. */
  readonly declarations: readonly Declaration[];
  /** Declarations of the same file that these speak of and that are not exported themselves. */
  readonly helpers: readonly Declaration[];
  /** The library, when it is another package's. */
  readonly library: string | undefined;
}

/** @param files path without ending (`contracts/index`) → text of the declaration file. @param hidden folders left out. */
export function readModules(
  files: ReadonlyMap<string, string>,
  hidden: ReadonlySet<string> = new Set(),
): ApiModule[] {
  const parsed = new Map([...files].map(([path, text]) => [path, parseDeclarations(text)]));
  const folders = [...files.keys()].filter((path) => posix.basename(path) === 'index').map(posix.dirname);
  return folders
    .map((folder) => (folder === '.' ? '' : folder))
    .filter((folder) => !hidden.has(folder))
    .sort()
    .map((folder) => moduleOf(folder, parsed));
}

function moduleOf(name: string, parsed: ReadonlyMap<string, DeclarationFile>): ApiModule {
  const index = posix.join(name, 'index');
  const wanted = new Map<string, Set<string> | 'all'>();
  const { header, reExports } = parsed.get(index)!;
  for (const { from, names } of reExports) {
    if (from === undefined || !from.startsWith('.')) continue;
    const path = posix.join(name, from).replace(/\.js$/, '');
    // A folder is a module of its own.
    if (posix.basename(path) === 'index') continue;
    const known = wanted.get(path);
    if (names === 'all' || known === 'all') wanted.set(path, 'all');
    else wanted.set(path, new Set([...(known ?? []), ...names.map(({ local }) => local)]));
  }
  const files = [...wanted].map(([path, names]) => fileOf(path, names, parsed.get(path)));
  return { name, header, files: files.sort((a, b) => (a.path < b.path ? -1 : 1)) };
}

function fileOf(
  path: string,
  names: ReadonlySet<string> | 'all',
  file: DeclarationFile | undefined,
): ApiFile {
  if (file === undefined) throw new Error(`${path} is exported but not built`);
  const locally = file.reExports.filter(({ from }) => from === undefined);
  const listed = new Set(
    locally.flatMap(({ names: list }) => (list === 'all' ? [] : list.map(({ exported }) => exported))),
  );
  const own = file.declarations.filter(({ isExported, name }) => isExported || listed.has(name));
  const ownNames = new Set(own.map(({ name }) => name));
  const borrowed = [...listed].filter((name) => file.imports.has(name));
  const all = [...ownNames, ...borrowed].filter((name) => names === 'all' || names.has(name));
  return {
    path,
    header: file.header,
    augmentations: file.augmentations,
    exports: all.map((name) => exportOf(name, file, own)),
  };
}

function exportOf(name: string, file: DeclarationFile, own: readonly Declaration[]): ApiExport {
  const declarations = own.filter((declaration) => declaration.name === name);
  return {
    name,
    doc: declarations.find(({ doc }) => doc !== undefined)?.doc,
    declarations,
    helpers: helpersOf(declarations, file, own),
    library: declarations.length === 0 ? file.imports.get(name) : undefined,
  };
}

function helpersOf(
  declarations: readonly Declaration[],
  file: DeclarationFile,
  own: readonly Declaration[],
): Declaration[] {
  const hidden = file.declarations.filter((declaration) => !own.includes(declaration));
  const text = declarations.map((declaration) => declaration.text).join('\n');
  return hidden.filter(({ name }) => new RegExp(`\\b${name}\\b`).test(text));
}
