import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { registry } from '@angarium/sdk';
import { Registries } from './registries.js';

const WORDS = registry<string>('words', 1);

describe('registries', () => {
  it('take out exactly what was added, also of equals, and tell of each change', () => {
    const words = new Registries(() => {}).get(WORDS);
    const seen: (readonly string[])[] = [];
    const listening = words.onChange(() => seen.push(words.items));
    const first = words.add('a', 'b');
    words.add('a');
    first[Symbol.dispose]();
    first[Symbol.dispose]();
    listening[Symbol.dispose]();
    words.add('c');
    assert.deepEqual(seen, [['a', 'b'], ['a', 'b', 'a'], ['a']]);
    assert.deepEqual(words.items, ['a', 'c']);
  });

  it('a failing listener harms nobody', () => {
    const errors: unknown[] = [];
    const words = new Registries((error, token) => errors.push([error, token])).get(WORDS);
    const fault = new Error('x');
    let heard = 0;
    words.onChange(() => {
      throw fault;
    });
    words.onChange(() => heard++);
    words.add('a');
    assert.deepEqual([errors, heard], [[[fault, WORDS]], 1]);
  });
});
