import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseDeclarations, unionMembers } from './declarations.js';

function only(source: string) {
  const { declarations } = parseDeclarations(source);
  assert.equal(declarations.length, 1);
  return declarations[0]!;
}

describe('declarations', () => {
  it('reads name, kind, doc comment and text', () => {
    assert.deepEqual(only('/** Doc. */\nexport declare const a: Contract<B>;\n'), {
      name: 'a',
      kind: 'const',
      doc: 'Doc.',
      text: 'const a: Contract<B>;',
      isExported: true,
      members: [],
    });
  });

  it('does not end at semicolons inside braces', () => {
    const { text } = only('export declare function f(a: { b: 1; c: 2 }): { d: 3; };');
    assert.equal(text, 'function f(a: { b: 1; c: 2 }): { d: 3; };');
  });

  it('ends blocks without a semicolon', () => {
    const { declarations } = parseDeclarations(
      'export interface A { a: 1; }\nexport declare class B { }\ntype C = 1;',
    );
    assert.deepEqual(
      declarations.map(({ name, kind, isExported }) => `${kind} ${name} ${isExported}`),
      ['interface A true', 'class B true', 'type C false'],
    );
  });

  it('takes an abstract class for a class', () => {
    assert.equal(
      only('export declare abstract class A { b(): void; }').text,
      'abstract class A { b(): void; }',
    );
  });

  it('reads members with their comments, and quoted names', () => {
    const { members } = only("interface H { /** one */ 'a.b': V<[x: 1]>; readonly c: { d: 2; }; }");
    assert.deepEqual(members, [
      { name: 'a.b', doc: 'one', text: "'a.b': V<[x: 1]>" },
      { name: 'c', doc: undefined, text: 'readonly c: { d: 2; }' },
    ]);
  });

  it('leaves out private members with their comments, and halves the indentation', () => {
    const source =
      'export declare class A {\n    /** mine */\n    private readonly a;\n    /** yours */\n    b(): void;\n    #c;\n    private d;\n}';
    const { text, members } = only(source);
    assert.equal(text, 'class A {\n  /** yours */\n  b(): void;\n}');
    assert.deepEqual(
      members.map(({ name }) => name),
      ['b'],
    );
  });

  it('shortens imported types', () => {
    assert.equal(only('export declare const a: import("./b.js").B;').text, 'const a: B;');
  });

  it('knows the comment of the file from that of the first declaration', () => {
    assert.equal(
      parseDeclarations("/** File. */\nimport { a } from 'b';\nexport type C = 1;").header,
      'File.',
    );
    const both = parseDeclarations('/** File. */\n/** C. */\nexport type C = 1;');
    assert.deepEqual([both.header, both.declarations[0]!.doc], ['File.', 'C.']);
    const one = parseDeclarations('/** C. */\nexport type C = 1;');
    assert.deepEqual([one.header, one.declarations[0]!.doc], [undefined, 'C.']);
  });

  it('reads export lists and imports', () => {
    const { reExports, imports } = parseDeclarations(
      "import { type D, e as f } from 'lib';\nexport * from './a.js';\nexport type * from './b.js';\nexport { type G, h as i } from './c.js';\nexport { f };\nexport {};",
    );
    assert.deepEqual(reExports, [
      { from: './a.js', names: 'all' },
      { from: './b.js', names: 'all' },
      {
        from: './c.js',
        names: [
          { local: 'G', exported: 'G' },
          { local: 'h', exported: 'i' },
        ],
      },
      { from: undefined, names: [{ local: 'f', exported: 'f' }] },
      { from: undefined, names: [] },
    ]);
    assert.deepEqual(
      [...imports],
      [
        ['D', 'lib'],
        ['f', 'lib'],
      ],
    );
  });

  it('reads what a file adds to the interfaces of another', () => {
    const { augmentations, declarations } = parseDeclarations(
      "declare module '../kernel/hooks.js' {\n    interface Hooks {\n        'a.b': VetoHook<[c: D]>;\n    }\n}",
    );
    assert.equal(declarations.length, 0);
    assert.deepEqual(
      augmentations.map(({ name, members }) => [name, members[0]!.name]),
      [['Hooks', 'a.b']],
    );
  });

  it('reads a union with its comments from a source', () => {
    assert.deepEqual(unionMembers("export type A =\n  /** one */\n  | 'B'\n  | 'C';\ntype D = 'E';", 'A'), [
      { name: 'B', doc: 'one', text: "'B'" },
      { name: 'C', doc: undefined, text: "'C'" },
    ]);
  });
});
