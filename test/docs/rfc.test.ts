import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { bySection } from './pages/rfc-coverage.js';
import { checkSections, citationsIn, hasSection, looseSections } from './rfc.js';

function cited(text: string): string[] {
  return citationsIn({ path: 'x.ts', text }).map(
    ({ rfc, section }) => `${rfc}${section ? ` ${section}` : ''}`,
  );
}

describe('citations', () => {
  const cases: readonly (readonly [text: string, expected: readonly string[]])[] = [
    ['// RFC 3501 §6.4.5.', ['3501 6.4.5']],
    ['/** RFC 3501 §9, RFC 9051 §A.2) */', ['3501 9', '9051 A.2']],
    ['/** RFC 5321 §4.1, §4.2 and §4.5.2: x */', ['5321 4.1', '5321 4.2', '5321 4.5.2']],
    ['/**\n * see RFC\n * 5322\n * §3.4 x */', ['5322 3.4']],
    ['// RFC 4469, 3516, 6154', ['4469', '3516', '6154']],
    ['// RFC 822 style', ['822']],
    ["const a = 'RFC 3501 §6';", []],
    ['const a = /RFC 3501/; // RFC 2045', ['2045']],
  ];
  for (const [text, expected] of cases) it(text, () => assert.deepEqual(cited(text), expected));

  it('finds section signs that belong to nothing', () => {
    assert.deepEqual(looseSections({ path: 'x.ts', text: '// §2.1: x\n// RFC 2045 §2, §3' }), ['§2.1']);
  });
});

const text = `
   6.4.5.  FETCH Command ..........................................  54
1.      How to Read This Document
3.4 Address Specification
Appendix B.  Formats
   the value of 7.7 is odd
A.2.1  More
`;

describe('sections', () => {
  for (const name of ['6.4.5', '1', '3.4', 'B', 'A.2.1'])
    it(`§${name} is there`, () => assert.ok(hasSection(text, name)));
  for (const name of ['6.4', '7.7', '3.4.1', 'A', '4.5'])
    it(`§${name} is not`, () => assert.ok(!hasSection(text, name)));

  it('are looked up in the texts that are at hand', () => {
    const dir = mkdtempSync(join(tmpdir(), 'angarium-rfc-'));
    writeFileSync(join(dir, 'rfc0822.txt'), text);
    const citations = citationsIn({ path: 'x.ts', text: '// RFC 822 §6.4.5, RFC 822 §6.4.6, RFC 9999 §1' });
    assert.deepEqual(checkSections(citations, dir), {
      wrong: ['x.ts: RFC 822 has no §6.4.6'],
      unread: [9999],
    });
    rmSync(dir, { recursive: true });
  });

  it('are in the order of their numbers', () => {
    const names = ['§10', '§B', '§2.10', '§2.9', 'as a whole', '§A.1', '§2'];
    assert.deepEqual(names.sort(bySection), ['as a whole', '§2', '§2.9', '§2.10', '§10', '§A.1', '§B']);
  });
});
