import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseAliases } from './aliases.js';
import { DomainTable, foldDomain } from './domain-table.js';

const domains = new DomainTable({ defaultDomain: 'default.example' });

test('every line is an alias, nothing, or a complaint with its number', () => {
  const word = fc.constantFrom(
    'info',
    'a.b',
    '@',
    'x.example',
    'default.example',
    '+d',
    ':',
    '=',
    ' ',
    '#',
    ',',
    'é',
    '\t',
  );
  const line = fc.oneof(
    fc.array(word, { maxLength: 8 }).map((words) => words.join('')),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 10 }), (lines) => {
      const text = lines.join('\n');
      const told: number[] = [];
      const table = parseAliases(text, domains, (number, reason) => {
        assert.notEqual(reason, '');
        told.push(number);
      });
      const entries = text.split(/\r?\n/).filter((each) => each.replace(/(^|\s)#.*/, '').trim() !== '');
      const begun = entries.filter((each, i) => i === 0 || !/^\s/.test(each));
      assert.equal(table.size + told.length, begun.length);
      for (const [key, owners] of table) {
        assert.doesNotMatch(key, /\s/);
        assert.ok(owners.length > 0);
        for (const { user } of owners) assert.match(user, /^[^\s,+]+$/);
      }
    }),
  );
});

test('a domain with a plus is no domain of a user', () => {
  const told: string[] = [];
  const table = parseAliases('info: info@+d', domains, (_, reason) => told.push(reason));
  assert.deepEqual([...table.keys(), ...told], ['"info@+d" is no user']);
});

test('what is written comes out again, on one line or on several', () => {
  const name = fc.stringMatching(/^[a-z][a-z0-9.]{0,10}$/);
  const target = fc.tuple(name, fc.option(name));
  const targets = fc.uniqueArray(target, { minLength: 1, maxLength: 5, selector: String });
  const comma = fc.constantFrom(',', ', ', ' ,\n\t', ',\n# one more\n  ');
  fc.assert(
    fc.property(name, targets, comma, (local, pairs, between) => {
      const list = pairs.map(([user, detail]) => (detail === null ? user : `${user}+${detail}`));
      const text = `${local}@X.Example: ${list.join(between)}`;
      const table = parseAliases(text, domains, () => assert.fail());
      const owners = pairs.map(([user, detail]) => ({ user, ...(detail === null ? {} : { detail }) }));
      assert.deepEqual([...table], [[`${local}@x.example`, owners]]);
    }),
  );
});

test('programs, files and includes are no targets', () => {
  for (const target of [
    '|vacation',
    '/dev/null',
    ':include:/etc/list',
    '"|x y"',
    'fred,',
    'fred wilma',
    '',
  ]) {
    const told: string[] = [];
    assert.equal(parseAliases(`x: ${target}`, domains, (_, reason) => told.push(reason)).size, 0, target);
    assert.equal(told.length, 1, target);
  }
});

test('one spelling of a domain', () => {
  assert.equal(foldDomain('BÜCHER.example'), foldDomain('xn--bcher-kva.EXAMPLE'));
  for (const bad of ['a b', '.a', 'a..b', 'a.', '[127.0.0.1]', 'x'.repeat(64)]) {
    assert.throws(() => foldDomain(bad), /no domain name/, bad);
  }
  fc.assert(
    fc.property(fc.domain(), (domain) => {
      assert.equal(foldDomain(foldDomain(domain)), foldDomain(domain));
    }),
  );
});
