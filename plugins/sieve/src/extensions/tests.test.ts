// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are variables of Sieve
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { holds, plainMessage } from '../trial.test.support.js';

async function check(
  cases: readonly (readonly [expected: boolean, script: string])[],
  message = plainMessage,
) {
  for (const [expected, script] of cases) assert.equal(await holds(script, { message }), expected, script);
}

test('header and match types (RFC 5228 §2.7, §5.7)', async () => {
  await check([
    [true, 'header "subject" "grüße i HAVE a present for you"'.replace('grüße', 'Grüße')],
    [true, 'header :contains ["x-none", "Subject"] ["no", "PRESENT"]'],
    [false, 'header :comparator "i;octet" :contains "subject" "PRESENT"'],
    [true, 'header :matches "subject" "*I ?ave*you"'],
    [false, 'header :matches "subject" "I have"'],
    [true, 'header :matches "x-number" "??"'],
    [false, 'header :matches "x-number" "???"'],
    [true, 'header :comparator "i;unicode-casemap" :contains "subject" "GRÜSSE"'.replace('GRÜSSE', 'GRÜßE')],
    [true, 'header :comparator "i;unicode-casemap" :matches "subject" "GR?ße*"'],
    [false, 'header :comparator "i;octet" :matches "subject" "Gr?ße*"'],
    [true, 'header :comparator "i;octet" :matches "subject" "Gr??ße*"'],
    [true, 'header :comparator "i;ascii-numeric" "x-number" "042"'],
    [false, 'header "x-none" ""'],
    [true, 'header :contains "subject" ""'],
  ]);
});

test('wildcards: escapes, first and last pieces that may not overlap', async () => {
  const message = 'Subject: a*b?c\\d\r\nX: aba\r\n\r\n';
  await check(
    [
      [true, 'header :matches "subject" "a\\\\*b\\\\?c\\\\\\\\d"'],
      [false, 'header :matches "subject" "a\\\\*b\\\\*c*"'],
      [true, 'header :matches "x" "a*a"'],
      [false, 'header :matches "x" "ab*ba"'],
      [true, 'header :matches "x" "***"'],
      [true, 'header :matches "x" "*b*"'],
    ],
    message,
  );
});

test('address and envelope, their parts (RFC 5228 §5.1, §5.4, RFC 5233)', async () => {
  await check([
    [true, 'address "from" "coyote@desert.example.org"'],
    [true, 'address :domain "from" "DESERT.example.org"'],
    [true, 'address :localpart ["to", "cc"] "roadrunner"'],
    [false, 'address :contains "from" "Wile"'],
    [true, 'address :user "cc" "bugs"'],
    [true, 'address :detail "cc" "carrots"'],
    [false, 'address :detail "to" ""'],
    [true, 'envelope "from" "coyote@desert.example.org"'],
    [true, 'envelope :detail "to" "meep"'],
    [true, 'envelope :user "to" "roadrunner"'],
  ]);
  assert.equal(await holds('envelope "from" ""', { world: { sender: '' } }), true);
});

test('exists, size, allof, anyof, not (RFC 5228 §5)', async () => {
  await check([
    [true, 'exists ["from", "x-number"]'],
    [false, 'exists ["from", "x-none"]'],
    [true, 'size :over 100'],
    [false, 'size :over 1K'],
    [true, 'size :under 1K'],
    [true, 'allof (true, not false, anyof (false, true))'],
    [false, 'anyof (false, not true)'],
  ]);
});

test('regex, in linear time', async () => {
  await check([
    [true, 'header :regex "subject" "^gr.*pres(e|x)nt"'],
    [false, 'header :comparator "i;octet" :regex "subject" "^gr"'],
    [true, 'allof (header :regex "subject" "have a ([a-z]+) (for)", string "${1} ${2}" "present for")'],
    [false, 'header :regex ["from", "to"] "[0-9]{4}"'],
  ]);
  const message = `Subject: ${'a'.repeat(50_000)}\r\n\r\n`;
  assert.equal(await holds('header :regex "subject" "^(a+)+$b"', { message }), false);
});

test('relational (RFC 5231)', async () => {
  await check([
    [true, 'header :value "gt" :comparator "i;ascii-numeric" "x-number" "9"'],
    [false, 'header :value "gt" "x-number" "9"'],
    [true, 'address :count "eq" :comparator "i;ascii-numeric" ["to", "cc"] "2"'],
    [true, 'header :count "lt" "x-none" "1"'],
    [true, 'header :value "ne" "x-number" "41"'],
  ]);
});

test('date, currentdate, index (RFC 5260)', async () => {
  const message = `Received: by a; Mon, 2 Jan 2006 23:30:00 +0000\r\nReceived: by b; Tue, 3 Jan 2006 00:10:00 +0000\r\n${plainMessage}`;
  await check(
    [
      [true, 'date :originalzone "date" "hour" "09"'],
      [true, 'date :zone "+0000" "date" "time" "17:06:31"'],
      [true, 'date :zone "+0100" "date" "iso8601" "1997-04-01T18:06:31+01:00"'],
      [true, 'date :originalzone "date" "std11" "Tue, 01 Apr 1997 09:06:31 -0800"'],
      [true, 'date :originalzone "date" "zone" "-0800"'],
      [true, 'date :zone "+0000" "date" "julian" "50539"'],
      [true, 'date :originalzone "date" "weekday" "2"'],
      [true, 'date :zone "+0000" "received" "date" "2006-01-02"'],
      [true, 'date :index 1 :last :zone "+0000" "received" "date" "2006-01-03"'],
      [false, 'date :index 3 "received" "year" "2006"'],
      [true, 'currentdate :value "ge" "date" "2026-11-24"'],
      [true, 'currentdate "hour" "10"'],
      [true, 'currentdate :zone "-0800" "hour" "01"'],
      [true, 'header :index 2 :contains "received" "by b"'],
      [true, 'header :index 1 :last :contains "received" "by b"'],
      [false, 'header :index 1 :contains "received" "by b"'],
    ],
    message,
  );
});

test('body (RFC 5173)', async () => {
  const message = [
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary=b',
    '',
    'prologue',
    '--b',
    'Content-Type: text/plain; charset=iso-8859-1',
    'Content-Transfer-Encoding: quoted-printable',
    '',
    'Gr=FC=DFe',
    '--b',
    'Content-Type: text/html',
    '',
    '<p>make <b>money</b><style>hidden</style></p>',
    '--b',
    'Content-Type: image/png',
    'Content-Transfer-Encoding: base64',
    '',
    'UE5H',
    '--b--',
    'epilogue',
    '',
  ].join('\r\n');
  await check(
    [
      [true, 'body :contains "Grüße"'],
      [true, 'body :text :contains "make money"'],
      [false, 'body :text :contains "hidden"'],
      [true, 'body :content "text/html" :contains "<b>"'],
      [true, 'body :content "text" :contains "hidden"'],
      [true, 'body :content "image" "PNG"'],
      [false, 'body :content "image/jpeg" :contains ""'],
      [true, 'body :raw :contains "Gr=FC=DFe"'],
      [true, 'body :content "multipart" :contains "epilogue"'],
      [false, 'body :content "multipart" :contains "money"'],
      [true, 'body :content "" :contains "PNG"'],
    ],
    message,
  );
  await check([[true, 'body :contains "ANVIL"']]);
});

test('environment, mailbox, special-use, mailboxid, metadata', async () => {
  await check([
    [true, 'environment "phase" "during"'],
    [false, 'environment :contains "x" ""'],
    [true, 'mailboxexists "INBOX.there"'],
    [false, 'mailboxexists ["INBOX.there", "INBOX.no"]'],
    [true, 'specialuse_exists "\\\\Junk"'],
    [false, 'specialuse_exists ["\\\\Junk", "\\\\Sent"]'],
    [true, 'mailboxidexists "F1"'],
    [true, 'metadata :contains "INBOX" "/private/comment" "note"'],
    [true, 'metadataexists "INBOX" ["/private/comment"]'],
    [false, 'servermetadataexists ["/shared/none"]'],
  ]);
});
