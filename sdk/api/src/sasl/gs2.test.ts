import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeSaslName, encodeSaslName, parseGs2Header } from './gs2.js';

test('headers are read to their last comma', () => {
  assert.deepEqual(parseGs2Header('n,,n=user'), { binding: { is: 'n' }, authzid: undefined, raw: 'n,,' });
  assert.deepEqual(parseGs2Header('y,a=x=2Cy,'), { binding: { is: 'y' }, authzid: 'x,y', raw: 'y,a=x=2Cy,' });
  assert.deepEqual(parseGs2Header('p=tls-exporter,,r'), {
    binding: { is: 'p', type: 'tls-exporter' },
    authzid: undefined,
    raw: 'p=tls-exporter,,',
  });
});

for (const text of ['', 'n', 'n,', 'n,x=,', 'n,a=x=3d,', 'p,,', 'p=,,', 'p=a b,,', 'F,n,,', 'x,,', 'N,,']) {
  test(`${JSON.stringify(text)} is no header`, () => assert.equal(parseGs2Header(text), undefined));
}

test('an empty identity is none', () => {
  assert.equal(parseGs2Header('n,a=,n=user')?.authzid, undefined);
});

test('names come back as they went', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (name) => {
      if (name.includes('\0')) return;
      assert.equal(decodeSaslName(encodeSaslName(name)), name);
      assert.equal(parseGs2Header(`n,a=${encodeSaslName(name)},`)?.authzid, name);
    }),
  );
});
