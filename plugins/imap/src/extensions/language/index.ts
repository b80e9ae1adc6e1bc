/** LANGUAGE (RFC 5255 §3). The texts are those of the registry, so that any extension brings its own, in any language. */
import { defineImapCommand, type ImapExtension, MailError } from '@angarium/sdk';
import { namespaceLine } from '../../commands/namespace.js';
import type { Features } from '../../registry.js';
import { ownSession } from '../../session.js';
import { octetsOf } from '../../wire/index.js';
import { isLanguageRange, lookUp } from './ranges.js';
import { translations } from './texts.js';

const I_DEFAULT = 'i-default';
const MAX_RANGES = 64;

export function languageExtension(features: Features, preferred: string): ImapExtension {
  const language = defineImapCommand({
    name: 'LANGUAGE',
    rfc: 'RFC 5255 §3.2',
    states: ['not-authenticated', 'authenticated', 'selected'],
    parse(line) {
      const ranges: string[] = [];
      while (line.trySp()) {
        if (ranges.length === MAX_RANGES) line.fail(`at most ${MAX_RANGES} languages`);
        const range = line.astring();
        if (!isLanguageRange(range)) line.fail('a language range');
        ranges.push(range);
      }
      return ranges;
    },
    async run({ session, reply }, ranges) {
      const own = ownSession(session);
      const tags = ['en', ...features.languages.filter((tag) => tag !== 'en'), I_DEFAULT];
      if (ranges.length === 0) {
        reply.untagged(`LANGUAGE (${tags.join(' ')})`);
        return;
      }
      const wanted = ranges.map((range) => (/^default$/i.test(range) ? preferred : range));
      const found = lookUp(wanted, tags);
      if (found === undefined) throw new MailError('CANNOT', `Unsupported language ${octetsOf(ranges[0]!)}`);
      own.language = found;
      reply.untagged(`LANGUAGE (${found})`);
      if (own.state !== 'not-authenticated') reply.untagged(namespaceLine(own));
      reply.completed('Language changed');
    },
  });
  return { name: 'LANGUAGE', capabilities: [{ word: 'LANGUAGE' }], commands: [language], translations };
}
