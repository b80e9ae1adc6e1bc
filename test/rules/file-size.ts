/** One subject a file: 500 lines are too many. */
import { isTest, type Rule } from './sources.js';

const maxLines = 500;

export const fileSize: Rule = {
  name: 'file-size',
  check({ path, text }) {
    if (isTest(path) || !/\.(ts|mjs|js)$/.test(path)) return [];
    const lines = text.trimEnd().split('\n').length;
    return lines <= maxLines ? [] : [{ line: 0, text: `${lines} lines; at most ${maxLines}` }];
  },
};
