/** What is committed names no developer's machine. */
import { matches, type Rule } from './sources.js';

const privatePath = /(?<=^|[\s'"`(=])\/(work|home\/[a-z]+|Users\/[a-z]+|root)\//gim;

export const workplace: Rule = {
  name: 'workplace',
  check({ path, text }) {
    if (path.startsWith('test/rules/')) return [];
    return matches(text, privatePath).map(({ line, found }) => ({
      line,
      text: `a path of one machine: ${found[0]}`,
    }));
  },
};
