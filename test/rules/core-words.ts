/** The kernel knows connections, hooks, plugins and workers; nothing of mail, not one word. */
import { matches, type Rule } from './sources.js';

const mailWord = /mail|imap|\bpop3?s?\b|smtp|lmtp|nntp|sieve|quota|sasl|\binbox|jmap|\bmime\b|newsgroup/gi;

/** `pop` is a word of arrays. */
const isArrayWord = /^pop$/i;

export const coreWords: Rule = {
  name: 'core-words',
  check({ path, text }) {
    if (!path.startsWith('core/')) return [];
    return matches(text, mailWord)
      .filter(({ found }) => !isArrayWord.test(found[0]))
      .map(({ line, found }) => ({ line, text: `core knows nothing of mail, but says "${found[0]}"` }));
  },
};
