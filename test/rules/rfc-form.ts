/** One form of citation, so that it can be found and verified: `RFC 9051 §6.4.8`. */
import { matches, type Rule } from './sources.js';

const citation = /\bRFC([ -]?)(\d{3,5})\b([^\n]{0,24})/gi;

export const rfcForm: Rule = {
  name: 'rfc-form',
  check({ path, text }) {
    if (path.startsWith('test/rules/') || !path.endsWith('.ts')) return [];
    return matches(text, citation).flatMap(({ line, found }) => {
      const [whole, space, number, after] = found as unknown as [string, string, string, string];
      const isWord = /^RFC[ -]?\d/.test(whole);
      // A file name or an identifier: rfc2047.ts, parseRfc822; RFC822 is a protocol's own word.
      if (!isWord || (space === '' && number === '822')) return [];
      if (space !== ' ') return [{ line, text: `write "RFC ${number}", not "${whole.slice(0, 12).trim()}"` }];
      const wrong = /^[,:]?\s*(\(?(section|sect?\.)\s*[\dA-Z]|§ |,\s*§|#\d)/i.exec(after);
      return wrong === null
        ? []
        : [{ line, text: `write "RFC ${number} §1.2", not "RFC ${number}${wrong[0]}…"` }];
    });
  },
};
