import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Turns } from '../turns.js';
import { type Forest, threadText } from './forest.js';
import { Links } from './links.js';

const text = (forest: Forest): string => [...threadText(forest, (message) => message + 1)].join('');

test('the examples of RFC 5256 §4', () => {
  const children = new Map([
    [2, [5]],
    [5, [3, 43]],
    [3, [22]],
    [43, [6]],
    [6, [95]],
  ]);
  assert.equal(text({ messages: 100, roots: [1, 2], children }), '(2)(3 6 (4 23)(44 7 96))');
  assert.equal(text({ messages: 10, roots: [10], children: new Map([[10, [2, 4]]]) }), '((3)(5))');
  assert.equal(text({ messages: 10, roots: [], children: new Map() }), '');
});

test('threads as deep as a mailbox is large, in the worst order, cost neither the stack nor a square', async () => {
  const count = 50_000;
  for (const isBackward of [false, true]) {
    const links = new Links();
    let steps = 0;
    for (let n = 0; n < count; n++) {
      const id = isBackward ? count - n : n + 1;
      steps += links.add({ messageId: `${id}`, references: [`${id - 1}`] });
    }
    assert.ok(steps < 10 * count, `${steps}`);
    const forest = await links.forest(new Turns());
    const chain = text(forest);
    assert.equal(chain.startsWith(isBackward ? `(${count} ${count - 1} ` : '(1 2 '), true);
    assert.equal(chain.endsWith(isBackward ? ' 2 1)' : ` ${count - 1} ${count})`), true);
  }
});

test('every second one splits: nested as deep as that', async () => {
  const links = new Links();
  const pairs = 20_000;
  for (let n = 0; n < pairs; n++) {
    links.add({ messageId: `a${n}`, references: n === 0 ? [] : [`a${n - 1}`] });
    links.add({ messageId: `b${n}`, references: n === 0 ? [] : [`a${n - 1}`] });
  }
  const written = text(await links.forest(new Turns()));
  let depth = 0;
  let deepest = 0;
  for (const character of written) {
    if (character === '(') deepest = Math.max(deepest, ++depth);
    else if (character === ')') depth--;
  }
  assert.deepEqual([depth, deepest], [0, pairs]);
});
