/** Scripts of the operator: a folder with NAME.sieve, read once; '' for none. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const SUFFIX = '.sieve';

export function readGlobalScripts(folder: string): ReadonlyMap<string, Uint8Array> {
  if (folder === '') return new Map();
  const names = readdirSync(folder).filter((name) => name.endsWith(SUFFIX));
  return new Map(names.map((name) => [name.slice(0, -SUFFIX.length), readFileSync(join(folder, name))]));
}
