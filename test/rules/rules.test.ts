import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { violations } from './all.js';

function found(path: string, text: string): string[] {
  return violations([{ path, text }]).map(
    ({ rule, line, text: complaint }) => `${line} ${rule}: ${complaint}`,
  );
}

const cases: readonly (readonly [path: string, text: string, expected: readonly string[]])[] = [
  ['plugins/a/src/x.ts', "import { x } from '@angarium/sdk';\nimport './y.js';", []],
  [
    'plugins/a/src/x.ts',
    "import type { K } from '@angarium/core';",
    ['1 layers: plugins/a may not import @angarium/core (allowed: sdk/api)'],
  ],
  [
    'plugins/a/src/x.ts',
    "\nexport * from '@angarium/plugin-b';",
    ['2 layers: plugins/a may not import @angarium/plugin-b (allowed: sdk/api)'],
  ],
  [
    'plugins/a/src/x.ts',
    "await import('../../b/src/y.js');",
    ['1 layers: "../../b/src/y.js" leaves the package plugins/a'],
  ],
  ['plugins/a/src/x.test.ts', "import { t } from '@angarium/testing';", []],
  [
    'plugins/a/src/x.ts',
    "import { t } from '@angarium/testing';",
    ['1 layers: plugins/a may not import @angarium/testing (allowed: sdk/api)'],
  ],
  [
    'plugins/a/src/x.ts',
    "import { injectable } from 'tsyringe';",
    ['1 layers: only the SDK may import tsyringe'],
  ],
  [
    'plugins/a/src/x.ts',
    "import { x } from '@angarium/sdk/internals';",
    ['1 layers: @angarium/sdk/internals is the kernel’s'],
  ],
  [
    'sdk/api/src/x.ts',
    "import { k } from '@angarium/core';",
    ['1 layers: sdk/api may not import @angarium/core (allowed: nothing of ours)'],
  ],
  ['core/src/x.ts', "import { x } from '@angarium/sdk/internals';", []],
  [
    'plugins/a/package.json',
    '{"dependencies":{"@angarium/sdk":"1","tapable":"2"},"devDependencies":{"@angarium/testing":"1"}}',
    [
      '0 layers: only the SDK may import tapable',
      '0 layers: @angarium/sdk belongs in peerDependencies, so that there is one copy',
    ],
  ],
  [
    'core/src/x.ts',
    '// the Mailbox\nitems.pop();',
    ['1 core-words: core knows nothing of mail, but says "Mail"'],
  ],
  [
    'plugins/a/src/x.ts',
    "const A = contract<X>('a', 1);",
    ['1 contract-tokens: contracts and registries are declared in sdk/api, under the name of the feature'],
  ],
  ['plugins/a/src/x.ts', 'kernel.registry(COMMANDS); k.registry("x");', []],
  ['plugins/a/src/x.ts', 'x\n'.repeat(501), ['0 file-size: 501 lines; at most 500']],
  ['plugins/a/src/x.test.ts', 'x\n'.repeat(501), []],
  ['plugins/a/src/x.ts', '// TODO later', ['1 shortcuts: an open end: TODO']],
  [
    'plugins/a/src/x.test.ts',
    "it.only('x');",
    ['1 shortcuts: a test that is switched off, or switches off others: it.only'],
  ],
  ['plugins/a/src/x.ts', 'const x = y as any;', ['1 shortcuts: a silenced compiler: const x = y as any']],
  ['plugins/a/src/x.ts', '/** RFC 9051 §6.4.8, RFC 5929, 9266 */', []],
  ['plugins/a/src/x.ts', '/** RFC9051 */', ['1 rfc-form: write "RFC 9051", not "RFC9051 */"']],
  [
    'plugins/a/src/x.ts',
    '/** RFC 9051 section 6 */',
    ['1 rfc-form: write "RFC 9051 §1.2", not "RFC 9051 section 6…"'],
  ],
  ['plugins/a/src/x.ts', "const dir = '/home/me/x';", ['1 workplace: a path of one machine: /home/me/']],
];

describe('house rules', () => {
  for (const [path, text, expected] of cases) {
    it(`${path}: ${text.slice(0, 60).trim()}`, () => assert.deepEqual(found(path, text), expected));
  }
});
