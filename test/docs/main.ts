/** Writes docs/reference, or with `--check` compares it and tells what is missing in code, schemas and guides. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { repositoryRoot } from '../rules/sources.js';
import { check } from './checks/index.js';
import type { Pages } from './inputs.js';
import { allPages } from './pages/index.js';
import { readInputs } from './read-inputs.js';
import { rfcFolder } from './rfc.js';

const root = repositoryRoot();
const dir = join(root, 'docs', 'reference');

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Pages in the folder, as paths below it. */
function existingPages(): string[] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .map((path) => path.split(/[\\/]/).join(posix.sep))
    .filter((path) => path.endsWith('.md'));
}

function stalePages(pages: Pages): string[] {
  const changed = [...pages].filter(([path, text]) => {
    const file = join(dir, path);
    return !existsSync(file) || readFileSync(file, 'utf8') !== text;
  });
  const left = existingPages().filter((path) => !pages.has(path));
  return [...changed.map(([path]) => path), ...left].sort();
}

function write(pages: Pages): void {
  for (const path of stalePages(pages)) {
    const file = join(dir, path);
    const text = pages.get(path);
    say(`${text === undefined ? 'removed' : 'written'}: docs/reference/${path}`);
    if (text === undefined) rmSync(file);
    else {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
  }
}

async function main(args: readonly string[]): Promise<number> {
  if (args.some((arg) => arg !== '--check')) {
    process.stderr.write('usage: node test/dist/docs/main.js [--check]\n');
    return 2;
  }
  const inputs = await readInputs(root);
  const pages = allPages(inputs);
  const { findings, notes } = check(inputs, rfcFolder(root));
  for (const note of notes) say(`note: ${note}`);
  for (const finding of findings) say(finding);
  const isCheck = args.includes('--check');
  const stale = isCheck ? stalePages(pages) : [];
  for (const path of stale) say(`stale: docs/reference/${path} (node test/dist/docs/main.js writes it)`);
  if (!isCheck) write(pages);
  say(`${pages.size} reference pages, ${stale.length} stale; ${findings.length} findings`);
  return isCheck && stale.length + findings.length > 0 ? 1 : 0;
}

process.exit(await main(process.argv.slice(2)));
