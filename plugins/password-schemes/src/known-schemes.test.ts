import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { argon2Sync } from 'node:crypto';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { desCrypt } from './crypt/des-crypt.js';
import { md5Crypt } from './crypt/md5-crypt.js';
import { shaCrypt } from './crypt/sha-crypt.js';
import { readEncoded } from './encoded.js';
import { KnownSchemes } from './known-schemes.js';

const schemes = new KnownSchemes({ maxConcurrent: 2, maxWaiting: 100, plain: true });
after(() => schemes[Symbol.asyncDispose]());

/** All of "secret"; made by `doveadm pw` of Dovecot 2.3 and by crypt(3) of libxcrypt. */
const secrets: Readonly<Record<string, string>> = {
  ARGON2I:
    '{ARGON2I}$argon2i$v=19$m=32768,t=5,p=1$+POhFJspcglljrjg2N4brg$FlhWGTyRtLRzccyR6Q3L3OvjlcgswOnrw/18BlWu17g',
  PBKDF2: '{PBKDF2}$1$DOUvQTszPnJ0cKAJ$5$0858ac56fe56e75b7b23a405b4922ea4d3de5764',
  'SCRAM-SHA-1':
    '{SCRAM-SHA-1}4096,M5Nd8b4ONGOBP/pvvsUO+Q==,KbjPU+UGa81LtH3GuaZdqhYevHY=,cX8VGGjxEt9bHU6RCF43JVaS4ag=',
  'SCRAM-SHA-256':
    '{SCRAM-SHA-256}4096,EpijDX98CFjXsjyGIDh65w==,3L/TLNailbKyNXWHlRp32QVwXwK8s9VV3mpylUkqxM8=,ift/UMLoH+vs+wthWZ6KT4O4DPzLAHflCxbzBIRC0h0=',
  SSHA: '{SSHA}NjAx8p+wNxhoZPOde5EN5Hm+H9l2j77J',
  SSHA256: '{SSHA256}eX21RvFb6/64AnD0opF9FDZ6dL2hxQHNuW2y08ylWsm7ywvm',
  SSHA512:
    '{SSHA512}cc+MBB3ObWTW8ZMbVcYFgeGsb2CEjdkLPWPHydW/u6ebBztpz4jZ3z5Gpt16VWWl4YtZO9AYuDKf1mmM1brvcpn3ejA=',
  SHA: '{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=',
  SHA256: '{SHA256}K7gNU3sdo+OL0wNhqoVWhr3g6s1xYv72ol/pe/Unols=',
  SHA512: '{SHA512}vSsar3708Jvp9Szi2NWZZ02Bqp1qRCFpbcTZPdBhnWgs5WtNZKnvCXdhztmeD2cmW192CF5bDufKRpayrW/isg==',
  SMD5: '{SMD5}zmkuCmBOgLH7U01gr3gENK/iCDA=',
  'LDAP-MD5': '{LDAP-MD5}Xr4ilOzQ4PCOq3aQ0qbuaQ==',
  'PLAIN-MD5': '{PLAIN-MD5}5ebe2294ecd0e0f08eab7690d2a6ee69',
  'MD5-CRYPT': '{MD5-CRYPT}$1$WvqUKEFy$/FZcdsCYOE5.8qNYZ2Yv3/',
  'SHA256-CRYPT': '{SHA256-CRYPT}$5$rounds=1000$KQFmwCLuRilS3.Pk$5J.h4FpElGaIIM/iuKSzHLyhIM7yF86qJI4xYoWlnl5',
  'SHA512-CRYPT':
    '{SHA512-CRYPT}$6$rounds=1000$LEBfxr9PxLTd0If5$GUwT5o/CsnIcecGa3BAAiepBPpD2iaPWCiwAIS0lIzGWXgNhDcapOtDxg4/NEHUE5v6B3GYlYaqxcj/rTKglG1',
  'DES-CRYPT': '{DES-CRYPT}6jcr8zk2GZEXg',
  'BLF-CRYPT': '{BLF-CRYPT}$2y$05$bUM36fNC1dtBzaz2DLy7.u92TJ42m504s7Y5vdkw/NsdvTpX2kB8u',
  YESCRYPT: '{CRYPT}$y$j75$abcdefghijklmnop$vZlXu1XtxOBWRxjOpQqONp1WYfMO0dN.H4xeSMU2ZvC',
  PLAIN: '{CLEARTEXT}secret',
};

/** The same in other spellings. */
const spellings: Readonly<Record<string, string>> = {
  '{ssha.HEX}4130f704d066f33b164d97b8aa5d8620d2428ce6dc8a2403': 'SSHA',
  '{CRYPT}$2y$05$9twWQFlgwUU1nM.Iqem.YeiwU4WLb5tTle2wmCpQ/8KTYSlEjqb16': 'BLF-CRYPT',
  '{CRYPT}abNANd1rDfiNc': 'DES-CRYPT',
  abNANd1rDfiNc: 'DES-CRYPT',
  '$1$saltsalt$9xy1btjgzLYfb7hivXtC//': 'MD5-CRYPT',
  '$5$saltstring$C3o4O1TC6aRHF4FI.QSZMXtHbaj2gSXr4sUc/3NcUi.': 'SHA256-CRYPT',
  '$6$x$mQUKLCQR1S846TztirS7Ejo4KyTtZWzcyuF2/43jqoJTDZXRb8L.bXBNxX9GCZhKdADbfqEnGZyv89igC73DL/':
    'SHA512-CRYPT',
  '{MD5}$1$saltsalt$9xy1btjgzLYfb7hivXtC//': 'MD5-CRYPT',
  '{MD5}Xr4ilOzQ4PCOq3aQ0qbuaQ==': 'LDAP-MD5',
  'SCRAM-SHA-1$4096:M5Nd8b4ONGOBP/pvvsUO+Q==$KbjPU+UGa81LtH3GuaZdqhYevHY=:cX8VGGjxEt9bHU6RCF43JVaS4ag=':
    'SCRAM-SHA-1',
};

for (const [scheme, encoded] of Object.entries(secrets)) {
  test(`${scheme}: its password and no other`, async () => {
    assert.equal(schemes.schemeOf(encoded), scheme);
    assert.equal(await schemes.verify(encoded, 'secret'), true);
    for (const wrong of ['Secret', 'secret ', 'secre', '', 's\0ecret']) {
      assert.equal(await schemes.verify(encoded, wrong), false, JSON.stringify(wrong));
    }
  });
}

test('other spellings of the same', async () => {
  for (const [encoded, scheme] of Object.entries(spellings))
    assert.equal(schemes.schemeOf(encoded), scheme, encoded);
  for (const encoded of Object.keys(spellings)) {
    assert.equal(await schemes.verify(encoded, 'secret'), true, encoded);
  }
});

test('ARGON2ID by the PHC string', async () => {
  const nonce = Buffer.from('saltsaltsalt');
  const cost = { parallelism: 2, memory: 1024, passes: 2 };
  const hash = argon2Sync('argon2id', { ...cost, message: 'secret', nonce, tagLength: 32 });
  const text = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '');
  const encoded = `$argon2id$v=19$m=1024,t=2,p=2$${text(nonce)}$${text(hash)}`;
  assert.equal(schemes.schemeOf(encoded), 'ARGON2ID');
  assert.equal(await schemes.verify(encoded, 'secret'), true);
  assert.equal(await schemes.verify(`{ARGON2}${encoded}`, 'wrong'), false);
});

test('unknown schemes, and those that cannot be computed here, are never right', async () => {
  for (const encoded of [
    '',
    'secret',
    '{NTLM}abc',
    '$gy$j9T$salt$hash',
    '{CRYPT}*',
    '{CRYPT}',
    '!',
    '*',
    '{constructor}x',
  ]) {
    assert.equal(schemes.schemeOf(encoded), undefined, encoded);
    await assert.rejects(schemes.verify(encoded, 'secret'), { code: 'CANNOT' });
  }
  const strict = new KnownSchemes({ maxConcurrent: 1, maxWaiting: 1, plain: false });
  assert.equal(strict.schemeOf('{PLAIN}secret'), undefined);
});

test('damaged hashes, and costs beyond reason, are told as such', async () => {
  for (const encoded of [
    '{SSHA}',
    '{SSHA}YWJj',
    '{SHA}5en6G6MezRroT3XKqkdPOmY/BfQAAAA=',
    '$1$salt',
    `$1$salt$${'é'.repeat(22)}`,
    '$6$rounds=999999999$salt$hash',
    '$5$x$short',
    '$2y$05$short',
    '$2y$31$bUM36fNC1dtBzaz2DLy7.u92TJ42m504s7Y5vdkw/NsdvTpX2kB8u',
    '{PBKDF2}$1$s$99999999$00',
    '{DES-CRYPT}!!',
    '$argon2id$v=19$m=99999999,t=1,p=1$c2FsdHNhbHQ$AAAAAAAA',
    '$argon2id$v=16$m=64,t=1,p=1$c2FsdHNhbHQ$AAAAAAAA',
    '{SCRAM-SHA-1}4096,x,y,z',
    '{SCRAM-SHA-1}0,M5Nd8b4ONGOBP/pvvsUO+Q==,KbjPU+UGa81LtH3GuaZdqhYevHY=,cX8VGGjxEt9bHU6RCF43JVaS4ag=',
    '$y$j75$salt$hash',
    '$y$jFT$salt$hash',
  ]) {
    await assert.rejects(schemes.verify(encoded, 'secret'), { code: 'CANNOT' }, encoded);
  }
  // The thread has survived all that.
  assert.equal(await schemes.verify(secrets['MD5-CRYPT'] ?? '', 'secret'), true);
});

test('a user who is not there costs as much as the last who was', async () => {
  await using own = new KnownSchemes({ maxConcurrent: 1, maxWaiting: 0, plain: true });
  await own.verifyNothing('x');
  const checking = own.verify(secrets['SHA512-CRYPT']!, 'secret');
  await own.verifyNothing('before there was one');
  assert.equal(await checking, true);
  // It takes the only place: a second one is told to come again.
  const nothing = own.verifyNothing('x');
  await assert.rejects(own.verify(secrets['SHA512-CRYPT']!, 'secret'), { code: 'UNAVAILABLE' });
  await nothing;
  await own.verify(secrets['SSHA']!, 'secret');
  await Promise.all([own.verifyNothing('x'), own.verifyNothing('x')]);
});

test('SCRAM keys can be had as they are', () => {
  const keys = schemes.scramKeys(secrets['SCRAM-SHA-256'] ?? '', 'SHA-256');
  assert.deepEqual([keys?.iterations, keys?.salt.length, keys?.storedKey.length], [4096, 16, 32]);
  assert.equal(schemes.scramKeys(secrets['SCRAM-SHA-256'] ?? '', 'SHA-1'), undefined);
  assert.equal(schemes.scramKeys(secrets['SSHA'] ?? '', 'SHA-1'), undefined);
});

test('too many at once are told to come again', async () => {
  const narrow = new KnownSchemes({ maxConcurrent: 1, maxWaiting: 1, plain: true });
  const encoded = secrets['MD5-CRYPT'] ?? '';
  const results = await Promise.allSettled([1, 2, 3].map(() => narrow.verify(encoded, 'secret')));
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'rejected'],
  );
  await narrow[Symbol.asyncDispose]();
});

function perl(password: string, setting: string): string | undefined {
  try {
    const script = 'print crypt(pack("H*",$ARGV[0]),$ARGV[1])';
    return execFileSync('perl', ['-e', script, Buffer.from(password).toString('hex'), setting], {
      encoding: 'utf8',
    });
  } catch {
    return undefined;
  }
}

test('the same as crypt(3) for any password', {
  skip: perl('x', 'ab') === undefined ? 'no perl with crypt(3)' : false,
}, () => {
  const password = fc.string({ unit: 'grapheme', maxLength: 90 }).filter((text) => !text.includes('\0'));
  const salt = fc.stringMatching(/^[./A-Za-z0-9]{2,20}$/);
  fc.assert(
    fc.property(password, salt, (text, given) => {
      assert.equal(desCrypt(text, given), perl(text, given.slice(0, 2)));
      assert.equal(md5Crypt(text, `$1$${given}`), perl(text, `$1$${given}`));
      assert.equal(shaCrypt(text, `$5$rounds=1000$${given}`), perl(text, `$5$rounds=1000$${given}`));
      assert.equal(shaCrypt(text, `$6$rounds=1000$${given}`), perl(text, `$6$rounds=1000$${given}`));
    }),
    { numRuns: 15 },
  );
});

test('no text whatever breaks the reading', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      readEncoded(text);
      readEncoded(`{${text}}`);
    }),
  );
});
