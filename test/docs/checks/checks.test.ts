import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fakeInputs, fakePlugin } from '../fake-inputs.test.support.js';
import type { Inputs, PluginInfo } from '../inputs.js';
import type { Schema } from '../schema-options.js';
import { check } from './index.js';

function findings(change: Partial<Inputs> = {}): readonly string[] {
  return check({ ...fakeInputs, ...change }, undefined).findings;
}

function withPlugin(change: Partial<PluginInfo>): readonly string[] {
  return findings({ plugins: [{ ...fakePlugin, ...change }] }).slice(known.length);
}

function withGuide(text: string, path = 'README.md'): readonly string[] {
  return findings({ guides: [{ path, text }] }).slice(known.length);
}

/** Of the fake SDK itself: the type of BOX is not exported, so BOX has to say what it is. */
const known = ['sdk/api/src/kernel/hooks.ts: no doc comment: BOX'];

describe('checks', () => {
  it('find nothing but what is missing', () => assert.deepEqual(findings(), known));

  it('say so when RFC texts are not at hand', () => {
    assert.match(check(fakeInputs, undefined).notes[0]!, /not at hand/);
  });

  it('pass on what could not be read', () => {
    assert.ok(findings({ problems: ['x: broken'] }).includes('x: broken'));
  });

  it('know contracts and permissions of manifests', () => {
    const more = withPlugin({ requires: ['bux@1'], permissions: ['fire'], hasReadme: false, sdk: undefined });
    assert.deepEqual(more, [
      'plugins/boxes/package.json: bux@1 is no contract of the SDK',
      'plugins/boxes/package.json: fire is no permission',
      'plugins/boxes/package.json: the key angarium says nothing',
      'plugins/boxes: has no README.md',
    ]);
  });

  it('compare hooks as types and at run time', () => {
    const hooks = { 'box.opened': { kind: 'veto', summary: '' }, 'box.lost': { kind: 'veto', summary: '' } };
    assert.deepEqual(findings({ hooks }).slice(known.length), [
      'sdk/api/src/hooks/box.ts: box.opening is not in declareHooks',
      'sdk/api/src/hooks/box.ts: box.opened is observe as a type, veto when it runs',
      'sdk/api/src/hooks: box.lost has no type in the interface Hooks',
    ]);
  });

  it('want a description and a default of every option', () => {
    const properties: Schema = {
      a: { type: 'string', default: 'x' },
      b: { type: 'string', description: 'B.' },
      c: { type: 'string', description: 'C. Without it none.' },
      d: { type: 'string', description: 'D.' },
    };
    assert.deepEqual(withPlugin({ configSchema: { properties, required: ['d'] } }), [
      'plugins/boxes/config.schema.json: a has no description',
      'plugins/boxes/config.schema.json: b has no default',
    ]);
  });

  it('want a meaning of every error code', () => {
    const more = findings({ kernelErrors: [{ code: 'X', meaning: undefined }] }).slice(known.length);
    assert.deepEqual(more, ['core/src/errors.ts: X has no doc comment']);
  });
});

it('no command may take an option that is every command’s', () => {
  const [, ...others] = fakeInputs.commands;
  const command = {
    ...fakeInputs.commands[0]!,
    name: 'box open',
    options: [{ flags: '-d, --data', summary: 'x' }],
  };
  const more = findings({ commands: [command, ...others], globalOptions: [['--data <dir>', 'y']] });
  assert.ok(more.includes("angarium box open: the option --data is every command's"), more.join());
});

describe('guides', () => {
  const right = [
    '`angarium check`',
    '`angarium -c x.yaml --json box open a --force`',
    '`angarium --help`',
    '`angarium COMMAND`',
    '`angarium box …`',
    'angarium is a kernel',
    '`angarium ready`',
    '```\nnpx angarium box open a -f   # with force\n```',
    '```yaml\nworkers: 2\nplugins:\n  boxes:\n    size: 3\n    listen: [{ port: 1 }]\n```',
    '```yaml\nother: 1\n```',
    '```yaml\nplugins: { "@me/mine": { x: 1 } }\n```',
  ];
  for (const text of right) it(`accepts ${text}`, () => assert.deepEqual(withGuide(text), []));

  const wrong: readonly (readonly [text: string, expected: string])[] = [
    ['`angarium chek`', '`angarium chek` is no command'],
    ['`angarium box open|shut`', '`angarium box shut` is no command'],
    ['```\necho | angarium box open a --gently\n```', '`angarium box open` has no option --gently'],
    ['```yaml\nplugins:\n  boxes: { sise: 3 }\n```', '`sise` is no option of boxes'],
    ['```yaml\nplugins:\n  boxes: { listen: [{ prt: 3 }] }\n```', '`listen[].prt` is no option of boxes'],
    ['```yaml\nplugins:\n  boxs: {}\n```', '`boxs` is no plugin'],
    ['```yaml\nwrkers: 2\nplugins: {}\n```', '`wrkers` is no option of the manifest'],
    ['```yaml\nplugins: [\n```', 'a yaml block that cannot be read'],
  ];
  for (const [text, expected] of wrong) {
    it(`finds ${text}`, () => {
      const found = withGuide(text);
      assert.equal(found.length, 1);
      assert.ok(found[0]!.startsWith(`README.md: ${expected}`), found[0]);
    });
  }

  it('looks at options that a plugin’s README speaks of', () => {
    const path = 'plugins/boxes/README.md';
    assert.deepEqual(withGuide('`size: 3`, `listen.port`, `other.thing`', path), []);
    assert.deepEqual(withGuide('`sise: 3`, `listen.prt`', path), [
      `${path}: \`sise: 3\`: boxes has no option sise`,
      `${path}: \`listen.prt\`: boxes has no option listen.prt`,
    ]);
  });
});
