import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { distance, fuzzyWords, mistakes } from '../../search/fuzzy.js';
import { type Exchange, mailbox, talk } from '../searching.test.support.js';

const mails = [
  { text: 'Subject: Hello world\nFrom: dave@example.org\n\nnothing here\n' },
  { text: 'Subject: other\nFrom: dave@example.org\n\nplease hepl me, hullo\n' },
  { text: 'Subject: unrelated\nFrom: joe@example.org\n\nthe quick brown fox\n' },
  { text: 'Subject: worldwide hello\nFrom: joe@example.org\n\n\n' },
];

const exchanges: readonly Exchange[] = [
  ['SEARCH FUZZY SUBJECT "helo"', ['SEARCH 1 4']],
  ['SEARCH SUBJECT "helo"', ['SEARCH']],
  ['SEARCH FUZZY SUBJECT "world hello"', ['SEARCH 1 4']],
  ['SEARCH FUZZY (SUBJECT hello FROM dav)', ['SEARCH 1']],
  ['SEARCH FUZZY TEXT hello', ['SEARCH 1 2 4']],
  ['SEARCH NOT FUZZY TEXT hello', ['SEARCH 3']],
  ['SEARCH FUZZY OR BODY quikc SUBJECT othre', ['SEARCH 2 3']],
  ['SEARCH FUZZY FUZZY FUZZY BODY quikc', ['SEARCH 3']],
  ['SEARCH FUZZY SEEN', ['SEARCH']],
  ['SEARCH FUZZY BODY fxo', ['SEARCH']],
  ['SEARCH RETURN (ALL RELEVANCY) FUZZY SUBJECT hello', ['ESEARCH (TAG) ALL 1,4 RELEVANCY (100 100)']],
  ['SEARCH RETURN (RELEVANCY ALL) FUZZY SUBJECT world', ['ESEARCH (TAG) RELEVANCY (100 85) ALL 1,4']],
  ['SEARCH RETURN (RELEVANCY) FUZZY SUBJECT helo', ['ESEARCH (TAG) RELEVANCY (60 60)']],
  ['SEARCH RETURN (ALL RELEVANCY) FUZZY TEXT hello', ['ESEARCH (TAG) ALL 1:2,4 RELEVANCY (100 48 100)']],
  ['SEARCH RETURN (RELEVANCY) FUZZY SUBJECT zzzzz', ['ESEARCH (TAG) RELEVANCY ()']],
  ['SEARCH RETURN (RELEVANCY) SUBJECT hello', [], /^BAD/],
  ['SEARCH FUZZY', [], /^BAD/],
  ['SEARCH FUZZY ', [], /^BAD/],
  ['SEARCH FUZZY ()', [], /^BAD/],
];

test('FUZZY forgives mistakes, RELEVANCY tells how many (RFC 6203)', async () => {
  const { server, client } = await mailbox(mails);
  await using _ = server;
  await talk(client, exchanges);
  const deep = 4000;
  await talk(client, [
    [`SEARCH ${'FUZZY ('.repeat(deep)}SUBJECT helo${')'.repeat(deep)}`, ['SEARCH 1 4']],
    [`SEARCH ${'FUZZY (ALL '.repeat(deep)}SUBJECT helo${')'.repeat(deep)}`, ['SEARCH 1 4']],
  ]);
});

/** By definition, without any bound. */
function plainDistance(a: string, b: string): number {
  const rows: number[][] = [];
  for (let i = 0; i <= a.length; i++) {
    rows.push([]);
    for (let j = 0; j <= b.length; j++) {
      let value = i === 0 ? j : j === 0 ? i : Math.min(rows[i - 1]![j]!, rows[i]![j - 1]!) + 1;
      if (i > 0 && j > 0) {
        value = Math.min(value, rows[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
        if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
          value = Math.min(value, rows[i - 2]![j - 2]! + 1);
      }
      rows[i]!.push(value);
    }
  }
  return rows[a.length]![b.length]!;
}

const word = fc.stringMatching(/^[abc]{1,10}$/);

test('property: the bounded distance is the distance up to its bound', () => {
  fc.assert(
    fc.property(word, word, fc.nat(4), (a, b, limit) => {
      assert.equal(distance(a, b, limit), Math.min(plainDistance(a, b), limit + 1));
    }),
    { numRuns: 1000 },
  );
});

/** One mistake somewhere. */
function mistaken(word: string, at: number, kind: number, letter: string): string {
  const i = at % word.length;
  const [before, after] = [word.slice(0, i), word.slice(i + 1)];
  if (kind === 0) return before + after;
  if (kind === 1) return before + letter + after;
  if (kind === 2) return before + letter + word.slice(i);
  return i + 1 < word.length ? before + word[i + 1] + word[i] + word.slice(i + 2) : word;
}

test('property: a word within reach is found in its text, one beyond is not', () => {
  const letters = fc.stringMatching(/^[a-i]{4,12}$/);
  const mistake = fc.tuple(fc.nat(20), fc.nat(3), fc.constantFrom('a', 'x', 'ж'));
  const surroundings = fc.constantFrom('', 'x yz ', '-- ');
  fc.assert(
    fc.property(letters, fc.array(mistake, { maxLength: 3 }), surroundings, (wanted, wrong, before) => {
      let there = wanted;
      for (const [at, kind, letter] of wrong) there = mistaken(there, at, kind, letter) || 'x';
      const [probe] = fuzzyWords(wanted);
      const score = probe!.likeness(`${before}${there} end`);
      const away = plainDistance(wanted, there);
      if (there.includes(wanted)) assert.ok(score >= 85, there);
      else assert.equal(score, away <= mistakes(wanted) ? [100, 60, 40][away] : 0, there);
    }),
    { numRuns: 5000 },
  );
});
