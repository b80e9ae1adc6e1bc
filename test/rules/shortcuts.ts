/** What is left for later is not done: no open ends, no switched-off tests, no silenced compiler. */
import { matches, type Rule } from './sources.js';

const shortcutPatterns: readonly (readonly [pattern: RegExp, text: string])[] = [
  [/\b(TODO|FIXME|XXX)\b/g, 'an open end'],
  [/\b(it|test|describe|suite)\.(skip|only|todo)\b/g, 'a test that is switched off, or switches off others'],
  [/\b(skip|only|todo): true\b/g, 'a test that is switched off, or switches off others'],
  [/@ts-(ignore|nocheck)\b/g, 'a silenced compiler'],
  [/^(?! *(\*|\/[/*])).*\bas any\b/gm, 'a silenced compiler'],
];

export const shortcuts: Rule = {
  name: 'shortcuts',
  check({ path, text }) {
    // The rules name what they look for.
    if (path.startsWith('test/rules/') || path.endsWith('.json')) return [];
    return shortcutPatterns.flatMap(([pattern, complaint]) =>
      matches(text, pattern).map(({ line, found }) => ({ line, text: `${complaint}: ${found[0].trim()}` })),
    );
  },
};
