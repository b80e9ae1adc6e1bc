/** Scripts of the operator: a folder with NAME.sieve, read once. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const SUFFIX = '.sieve';

export function readGlobalScripts(folder: string | undefined): ReadonlyMap<string, Uint8Array> {
  if (folder === undefined) return new Map();
  const names = readdirSync(folder).filter((name) => name.endsWith(SUFFIX));
  return new Map(names.map((name) => [name.slice(0, -SUFFIX.length), readFileSync(join(folder, name))]));
}
