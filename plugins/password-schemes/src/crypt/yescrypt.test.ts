import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { yescrypt } from './yescrypt.js';
import { decodeOctets, encodeOctets, readYescryptSetting } from './yescrypt-setting.js';

/** Made by crypt(3) of libxcrypt 4.4. */
const known: readonly (readonly [string, string])[] = [
  ['secret', '$y$j9T$abcdefghijklmnop$3dL1LkYnZM.OVXuVdnnaKVDlLYT92dRwOzDZ5XiVCe.'],
  ['pässwörd', '$y$j75$01234567$jIPWvQwRVuBD71hOaCwRMBdCy8zFz7AI368EwCpZNzA'],
  ['', '$y$j75$....$ue/hv/dmljd2.5j/5FoFzoT3fdXv8HS//B7HCMugNf6'],
  ['t1', '$y$j75/.$abcd$3mFQ9zrazL3Dc2nss/gHr4dIb4/yRl.DSlhJi2o08/9'],
  ['t1', '$y$j75//$abcd$Lf7aiyx4/RdevXOoL6UkCrd9PX5HUPu9jKeFQNfASU8'],
  ['r1', '$y$j9.$abcdefgh$ND.H4gvpm6FhhSTYXoCrwgqtpHDJDxt9WeuDWVy8AY.'],
];

test('yescrypt as crypt(3) makes it', () => {
  for (const [password, hash] of known) assert.equal(yescrypt(password, hash), hash);
});

test('any password, salt and small cost, as the crypt(3) of this machine makes it', (context) => {
  const script =
    'use utf8; use open qw(:std :utf8); while (<STDIN>) { chomp; my ($p, $s) = split /\\t/; utf8::encode($p); print crypt($p, $s) // "", "\\n" }';
  const crypt = (questions: readonly (readonly [string, string])[]) =>
    spawnSync('perl', ['-e', script], {
      input: questions.map(([password, setting]) => `${password}\t${setting}\n`).join(''),
      encoding: 'utf8',
    }).stdout?.split('\n') ?? [];
  const [first] = known;
  if (crypt([first!])[0] !== first![1]) return context.skip('its crypt(3) knows no yescrypt');
  const salt = fc.uint8Array({ minLength: 1, maxLength: 32 }).map(encodeOctets);
  const cost = fc.constantFrom('j2.', 'j5.', 'j50', 'j6/');
  const password = fc.string({ unit: 'binary', maxLength: 70 }).filter((text) => !/[\p{C}\t]/u.test(text));
  const questions = fc.sample(
    fc.tuple(
      password,
      fc.tuple(cost, salt).map((parts) => `$y$${parts.join('$')}$`),
    ),
    20,
  );
  const answers = crypt(questions);
  for (const [i, [text, setting]] of questions.entries()) {
    const made = yescrypt(text, setting);
    assert.equal(made, answers[i], `${JSON.stringify(text)} ${setting}`);
  }
});

test('octets survive their letters', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (octets) => {
      assert.deepEqual(decodeOctets(encodeOctets(octets)), Buffer.from(octets));
    }),
  );
});

test('what is damaged, costs too much or is of a kind nobody writes is not computed', () => {
  const wrong = [
    '$y$',
    '$y$$$',
    '$y$j9T',
    '$y$j9T$abc',
    '$y$i9T$abcd$',
    '$y$j9T$a$',
    '$y$j9T$zzz$',
    '$y$jFT$abcd$',
  ];
  for (const hash of [
    ...wrong,
    '$y$j75.$abcd$',
    '$y$j751$abcd$',
    '$y$j75zzzz$abcd$',
    `$y$j75$${'z'.repeat(90)}$`,
  ]) {
    assert.equal(yescrypt('secret', hash), undefined, hash);
  }
  fc.assert(
    fc.property(fc.string({ maxLength: 40 }), (text) => {
      assert.doesNotThrow(() => readYescryptSetting(`$y$${text}`));
    }),
  );
});
