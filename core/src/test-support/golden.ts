/** Text that people read is compared with a file beside the test; UPDATE_GOLDEN=1 or --update-golden rewrites it. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, sep } from 'node:path';

/** @param dir import.meta.dirname of the test, in dist. @param name without `.golden.txt`. */
export function assertGolden(dir: string, name: string, actual: string): void {
  const source = dir.replace(`${sep}dist`, `${sep}src`);
  const file = join(source, `${name}.golden.txt`);
  const text = `${actual.trimEnd()}\n`;
  if (process.env['UPDATE_GOLDEN'] === '1' || process.argv.includes('--update-golden'))
    writeFileSync(file, text);
  assert.ok(existsSync(file), `${file} is missing: run the test with UPDATE_GOLDEN=1`);
  assert.equal(text, readFileSync(file, 'utf8'));
}
