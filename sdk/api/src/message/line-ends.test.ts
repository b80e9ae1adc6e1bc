import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { LineEndNormaliser, type LineEndOptions, normaliseLineEnds } from './line-ends.js';

async function normalised(chunks: readonly string[], options?: LineEndOptions): Promise<string> {
  let out = '';
  for await (const chunk of normaliseLineEnds(
    chunks.map((text) => Buffer.from(text)),
    options,
  ))
    out += chunk;
  return out;
}

describe('line ends', () => {
  test('bare LF becomes CRLF, bare CR stays', async () => {
    assert.equal(await normalised(['a\nb\r\nc\rd\r', '\ne\n', '\nf\r']), 'a\r\nb\r\nc\rd\r\ne\r\n\r\nf\r');
  });

  test('bare CR becomes CRLF where asked for', async () => {
    assert.equal(
      await normalised(['a\rb\r', '\nc\r\r', 'd\r'], { bareCr: 'crlf' }),
      'a\r\nb\r\nc\r\n\r\nd\r\n',
    );
  });

  test('a chunk in order is handed on as it is', () => {
    const chunk = Buffer.from('a\r\nb\r\n');
    assert.equal(new LineEndNormaliser().push(chunk), chunk);
  });

  test('chunks make no difference', async () => {
    const pieces = fc.array(fc.string({ unit: fc.constantFrom('a', '\r', '\n'), maxLength: 5 }), {
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(pieces, async (chunks) => {
        const whole = chunks.join('');
        assert.equal(await normalised(chunks), whole.replace(/\r?\n/g, '\r\n'));
        assert.equal(await normalised(chunks, { bareCr: 'crlf' }), whole.replace(/\r\n|\r|\n/g, '\r\n'));
      }),
    );
  });
});
