import { type ArgumentReader, CommandSyntaxError, defineTextCommand } from '@angarium/sdk';
import { MAX_MATCHED, MAX_WILDMAT } from '../limits.js';
import { articleLines } from '../reading/each-article.js';
import { fieldReader, overviewReader } from '../reading/fields.js';
import { type Articles, articlesOf, parseArticles } from '../reading/ranges.js';
import type { NntpSession } from '../session.js';
import { fromWire } from '../text.js';
import { Pattern } from '../wildmat.js';

function overview(name: string, rfc: string) {
  return defineTextCommand({
    name,
    syntax: `${name} [range|message-id]`,
    rfc,
    states: 'any',
    parse: parseArticles,
    async run(session: NntpSession, which) {
      const reader = overviewReader(session);
      const lines = await articleLines(session, which, reader, (number, value) => `${number}\t${value}`);
      if (lines === undefined) return;
      session.answer(224, 'Overview information follows');
      await session.lines(lines);
    },
  });
}

/** RFC 3977 §8.3. */
export const over = overview('OVER', '3977#8.3');
/** RFC 2980 §2.8: the same under its old name. */
export const xover = overview('XOVER', '2980#2.8');

/** RFC 5322 §2.2; `:` in front for metadata (RFC 3977 §8.1). */
function fieldName(args: ArgumentReader): string {
  const name = args.expectWord('Field');
  if (!/^:?[\x21-\x39\x3b-\x7e]+$/.test(name)) throw new CommandSyntaxError('Malformed field name');
  return name;
}

function headers(name: string, rfc: string, code: number) {
  return defineTextCommand({
    name,
    syntax: `${name} field [range|message-id]`,
    rfc,
    states: 'any',
    parse: (args) => ({ field: fieldName(args), which: parseArticles(args) }),
    async run(session: NntpSession, { field, which }) {
      // RFC 2980 §2.6: in XHDR the message-id itself stands for the number, and what is absent is `(none)`.
      const isOld = code === 221;
      const reader = fieldReader(session, field);
      if (reader === undefined) return session.answer(503, 'No such metadata item');
      const label = which.is === 'id' && isOld ? which.id : undefined;
      const lines = await articleLines(session, which, reader, (number, value) =>
        oneHeader(label ?? String(number), value, isOld),
      );
      if (lines === undefined) return;
      session.answer(code, 'Headers follow');
      await session.lines(lines);
    },
  });
}

function oneHeader(label: string, value: string, isOld: boolean): string {
  return `${label} ${value === '' && isOld ? '(none)' : value}`;
}

/** RFC 3977 §8.5. */
export const hdr = headers('HDR', '3977#8.5', 225);
/** RFC 2980 §2.6. */
export const xhdr = headers('XHDR', '2980#2.6', 221);

/** RFC 2980 §2.9. */
export const xpat = defineTextCommand({
  name: 'XPAT',
  syntax: 'XPAT field range|message-id pattern [pattern …]',
  rfc: '2980#2.9',
  states: 'any',
  parse(args) {
    const field = fieldName(args);
    const which: Articles = articlesOf(args.expectWord('Range or message-id'));
    const patterns: Pattern[] = [];
    let length = 0;
    for (let word = args.expectWord('Pattern') as string | undefined; word !== undefined; ) {
      length += word.length;
      if (length > MAX_WILDMAT) throw new CommandSyntaxError('The patterns are too long');
      patterns.push(new Pattern(fromWire(word) ?? word));
      word = args.tryWord();
    }
    return { field, which, patterns };
  },
  async run(session: NntpSession, { field, which, patterns }) {
    const reader = fieldReader(session, field);
    if (reader === undefined) return session.answer(503, 'No such metadata item');
    const lines = await articleLines(session, which, reader, (number, value) => {
      const seen = value.slice(0, MAX_MATCHED);
      const text = fromWire(seen) ?? seen;
      if (value === '' || !patterns.some((pattern) => pattern.matches(text))) return undefined;
      return `${which.is === 'id' ? which.id : number} ${value}`;
    });
    if (lines === undefined) return;
    session.answer(221, 'Headers follow');
    await session.lines(lines);
  },
});
