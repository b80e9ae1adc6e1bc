/** The pages of a tiny SDK and plugin against golden files; `UPDATE_GOLDEN=1` rewrites those. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { repositoryRoot } from '../rules/sources.js';
import { fakeInputs } from './fake-inputs.test.support.js';
import { allPages } from './pages/index.js';

const golden = join(repositoryRoot(), 'test', 'docs', 'pages.golden.txt');

describe('reference pages', () => {
  const pages = allPages(fakeInputs);

  it('are as they were', () => {
    const text = [...pages].map(([path, page]) => `=== ${path}\n${page}`).join('');
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(golden, text);
    assert.equal(text, readFileSync(golden, 'utf8'));
  });

  it('link to headings that are there', () => {
    const anchors = new Map([...pages].map(([path, text]) => [path, headingsOf(text)]));
    for (const [path, text] of pages) {
      for (const [, target] of text.matchAll(/\]\(([^)]+)\)/g)) {
        const url = new URL(target!, `page:/reference/${path}`);
        // READMEs of plugins and RFC texts are elsewhere.
        if (url.protocol !== 'page:' || !url.pathname.startsWith('/reference/')) continue;
        const known = anchors.get(url.pathname.slice('/reference/'.length));
        assert.ok(known, `${path}: ${target}`);
        assert.ok(url.hash === '' || known.has(url.hash), `${path}: ${target}`);
      }
    }
  });
});

/** As GitHub makes them; written a second time so that a mistake is seen. */
function headingsOf(text: string): Set<string> {
  const found = new Set<string>();
  for (const [, heading] of text.matchAll(/^#+ (.*)$/gm)) {
    const slug = `#${heading!
      .toLowerCase()
      .replace(/[^a-z0-9 _-]/g, '')
      .replaceAll(' ', '-')}`;
    let name = slug;
    for (let count = 1; found.has(name); count++) name = `${slug}-${count}`;
    found.add(name);
  }
  return found;
}
