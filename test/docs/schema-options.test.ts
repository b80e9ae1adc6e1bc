import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { optionsOf, type Schema } from './schema-options.js';

const published = new Map<string, Schema>([
  [
    'angarium:listen',
    {
      type: 'object',
      properties: {
        port: { type: 'integer', minimum: 0, maximum: 65535 },
        path: { type: 'string', minLength: 1 },
      },
      oneOf: [{ required: ['port'] }, { required: ['path'] }],
    },
  ],
  ['angarium:secret', { type: 'object', properties: { $secret: { type: 'string' } } }],
]);

function lines(properties: Schema, more: Schema = {}): string[] {
  return optionsOf({ type: 'object', properties, ...more }, published).map(
    ({ path, type, defaultValue, isRequired, unless }) =>
      `${path}: ${type}${defaultValue === undefined ? '' : ` = ${JSON.stringify(defaultValue)}`}${isRequired ? ' !' : ''}${unless.length > 0 ? ` without ${unless.join(' ')}` : ''}`,
  );
}

describe('options of a schema', () => {
  it('tells bounds in words', () => {
    assert.deepEqual(
      lines({
        a: { type: 'integer', minimum: 1, maximum: 9, default: 3 },
        b: { type: 'number', exclusiveMinimum: 0 },
        c: { type: 'string', minLength: 1 },
        d: { type: 'string', maxLength: 4, pattern: '^x$' },
        e: { enum: ['x', 2, null] },
        f: { type: ['string', 'null'] },
        g: { type: 'array', items: { type: 'integer', minimum: 0 }, uniqueItems: true, maxItems: 2 },
        h: { oneOf: [{ type: 'string' }, { const: false }] },
      }),
      [
        'a: integer, 1 to 9 = 3',
        'b: number, more than 0',
        'c: string, not empty',
        'd: string, at most 4 characters, matching `^x$`',
        'e: one of `x`, `2`, `null`',
        'f: string or null',
        'g: list of (integer, at least 0), at most 2 entries, no entry twice',
        'h: string or `false`',
      ],
    );
  });

  it('goes into objects, lists, maps and alternatives', () => {
    assert.deepEqual(
      lines(
        {
          a: { type: 'object', properties: { b: { type: 'boolean' } }, required: ['b'] },
          c: { type: 'array', items: { type: 'object', properties: { d: { type: 'string' } } } },
          e: {
            type: 'object',
            additionalProperties: { type: 'object', properties: { f: { type: 'string' } } },
          },
        },
        { required: ['a'] },
      ),
      [
        'a: object !',
        'a.b: boolean !',
        'c: list of (object)',
        'c[].d: string',
        'e: object',
        'e.NAME.f: string',
      ],
    );
  });

  it('resolves published schemas, and what stands beside the reference is added', () => {
    const listen = {
      type: 'array',
      items: { $ref: 'angarium:listen', properties: { name: { type: 'string' } } },
    };
    assert.deepEqual(
      lines({ listen }).map((line) => line.split(':')[0]),
      ['listen', 'listen[].port', 'listen[].path', 'listen[].name'],
    );
    assert.deepEqual(lines({ listen: { type: 'array', items: { $ref: 'angarium:listen' } } }), [
      'listen: list of (object)',
      'listen[].port: integer, 0 to 65535 without listen[].path',
      'listen[].path: string, not empty without listen[].port',
    ]);
    assert.deepEqual(lines({ key: { $ref: 'angarium:secret' } }), ['key: secret']);
  });

  it('resolves its own definitions, also recursive ones', () => {
    const options = lines(
      { a: { $ref: '#/$defs/node' } },
      { $defs: { node: { type: 'object', properties: { child: { $ref: '#/$defs/node' } } } } },
    );
    assert.equal(options[1], 'a.child: object');
    assert.ok(options.length < 20);
  });

  it('fails on a reference to nothing', () => {
    assert.throws(() => lines({ a: { $ref: 'angarium:none' } }), /angarium:none/);
  });
});
