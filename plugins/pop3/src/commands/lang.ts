import { CommandSyntaxError, defineTextCommand } from '@angarium/sdk';
import { languages, lookUp } from '../language/languages.js';
import { Pop3Refusal } from '../replies.js';
import type { Pop3Session } from '../session.js';

/** RFC 6856 §3. */
export const lang = defineTextCommand({
  name: 'LANG',
  syntax: 'LANG [language]',
  rfc: '6856#3.2',
  states: ['authorization', 'transaction'],
  parse(args) {
    const range = args.tryWord();
    args.expectEnd();
    if (range !== undefined && !/^(\*|[a-z]{1,8}(-[a-z0-9]{1,8})*)$/i.test(range)) {
      throw new CommandSyntaxError('Malformed language');
    }
    return range;
  },
  run(session: Pop3Session, range) {
    if (range === undefined) {
      session.ok('Language listing follows');
      session.write(Buffer.from(`${languages.map((each) => each.join(' ')).join('\r\n')}\r\n.\r\n`, 'utf8'));
      return;
    }
    const found = range === '*' ? session.environment.config.language : lookUp(range);
    if (found === undefined) throw new Pop3Refusal(undefined, 'This language is not spoken here');
    session.language = found;
    session.ok('Language changed', found);
  },
});
