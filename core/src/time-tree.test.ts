import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { renderTimeTree, TimeTree } from './time-tree.js';

describe('time tree', () => {
  it('shows what took how long, and what is running', async () => {
    let nowMs = 100;
    const times = new TimeTree('kernel', () => nowMs);
    await times.measure(times.root, 'compose', (node) => {
      times.end(times.begin(node, 'a'));
      nowMs += 2.5;
    });
    await assert.rejects(
      times.measure(times.root, 'start', () => {
        nowMs += 10;
        throw new Error('x');
      }),
    );
    assert.equal(
      renderTimeTree(times.root),
      ['kernel      running', '├─ compose   2.5 ms', '│  └─ a      0.0 ms', '└─ start    10.0 ms'].join('\n'),
    );
    assert.equal(times.root.children[1]?.startMs, 2.5);
  });
});
