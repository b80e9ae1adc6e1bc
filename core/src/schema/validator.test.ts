import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatPath } from './path.js';
import { compileSchema } from './validator.js';

function faults(schema: object, value: unknown): string[] {
  return compileSchema(schema as Record<string, unknown>)(value).map(({ path, key, text, hint }) =>
    [`${formatPath(path)}${key === undefined ? '' : ` (${key})`}: ${text}`, hint].filter(Boolean).join(' — '),
  );
}

const text = { type: 'string' };

describe('schema validation', () => {
  it('tells several patterns of one schema apart', () => {
    const schema = { properties: { a: { ...text, pattern: '^a$' }, b: { ...text, pattern: '^b$' } } };
    assert.deepEqual(faults(schema, { a: 'a', b: 'b' }), []);
    assert.deepEqual(faults(schema, { a: 'a', b: 'x' }), ['b: b must look like ^b$; found "x"']);
  });

  it('tells alternatives once, and what is wrong in the one that was meant', () => {
    const object = { type: 'object', properties: { n: { type: 'integer' } }, additionalProperties: false };
    const schema = { properties: { x: { anyOf: [text, object] } } };
    assert.deepEqual(faults(schema, { x: 5 }), ['x: x must be a string or a mapping; found 5']);
    assert.deepEqual(faults(schema, { x: { n: 'a' } }), ['x.n: x.n must be a whole number; found "a"']);
  });

  it('closes listen entries, lets a service add its own options, in both ways of writing', () => {
    const own = { properties: { trusted: { type: 'boolean' } } };
    const plain = { properties: { l: { $ref: 'angarium:listen' } } };
    assert.deepEqual(faults(plain, { l: { port: 1, trusted: true } }), [
      'l (trusted): unknown option "trusted" in l — expected one of address, port, path, mode, tls, proxy',
    ]);
    const beside = { $ref: 'angarium:listen', ...own };
    const below = { allOf: [{ $ref: 'angarium:listen' }, own] };
    for (const entry of [beside, below]) {
      const schema = { properties: { l: entry } };
      assert.deepEqual(faults(schema, { l: { port: 1, trusted: true } }), []);
      assert.deepEqual(faults(schema, { l: { path: 'x', trusetd: true } }), [
        'l (trusetd): unknown option "trusetd" in l — did you mean "trusted"?',
      ]);
    }
    assert.deepEqual(faults(plain, { l: { port: 1, path: 'x' } }), [
      "l: l must have a port or a unix socket's path, not both; found a mapping with port, path",
    ]);
  });

  it('takes secrets by reference only and does not show them', () => {
    const schema = { properties: { password: { $ref: 'angarium:secret' } } };
    assert.deepEqual(faults(schema, { password: { $secret: 'env:PW' } }), []);
    assert.deepEqual(faults(schema, { password: 'hunter2' }), [
      'password: password must say where it is kept, as { $secret: "file:PATH" } or { $secret: "env:NAME" }; found a string (not shown)',
    ]);
  });

  it('says what is required and why, and which names are wrong', () => {
    const schema = {
      type: 'object',
      required: ['a'],
      dependentRequired: { b: ['c'] },
      properties: {
        a: text,
        b: text,
        c: text,
        m: { type: 'object', propertyNames: { pattern: '^[a-z]+$' } },
      },
    };
    assert.deepEqual(faults(schema, { b: 'x', m: { 'A B': 1 } }), [
      ': "a" is missing',
      'm (A B): "A B" is not a valid name in m',
      ': "c" is missing, which "b" needs',
    ]);
  });

  it('refuses schemas with mistakes of their own', () => {
    assert.throws(() => compileSchema({ type: 'object', propertis: {} }), /unknown keyword: "propertis"/);
    assert.throws(() => compileSchema({ $ref: 'https://example.org/x' }), /can't resolve reference/);
  });
});
