// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are variables of Sieve
/** Scripts run by Pigeonhole's sieve-test and by us: the same tests are true of the same message. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { TestServer } from '../support/server.js';
import { without } from '../support/tools.js';

const requires =
  'fileinto envelope body variables relational imap4flags subaddress date index regex comparator-i;ascii-numeric encoded-character'
    .split(' ')
    .filter((name) => name !== 'regex');

const message = [
  'Received: from a.example by b.example; Mon, 2 Jan 2006 23:30:00 +0000',
  'Received: from c.example by d.example; Tue, 3 Jan 2006 00:10:00 +0200',
  'From: "Coyote, Wile E." <coyote+acme@desert.example.org>',
  'To: friends: ann@a.example, "Ben B" <ben@b.example>;, roadrunner@acme.example.com',
  'Cc: "quoted local"@q.example, (comment) cid@c.example (more)',
  'Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?= =?iso-8859-1?Q?_aus?= Wien  with  blanks',
  'Date: Tue, 1 Apr 1997 09:06:31 -0800 (PST)',
  'X-Empty:',
  'X-Folded: one',
  '\ttwo',
  'X-Number: 0042',
  'MIME-Version: 1.0',
  'Content-Type: multipart/mixed; boundary=b',
  '',
  'prologue',
  '--b',
  'Content-Type: text/plain; charset=iso-8859-1',
  'Content-Transfer-Encoding: quoted-printable',
  '',
  'Gr=FC=DFe =3D x',
  '--b',
  'Content-Type: application/octet-stream',
  'Content-Transfer-Encoding: base64',
  '',
  'QUJD',
  '--b--',
  '',
].join('\r\n');

const tests = [
  'header "subject" "Grüße aus Wien  with  blanks"',
  'header :contains "subject" "WIEN"',
  'header :matches "subject" "*aus*blanks"',
  'header :matches "subject" "Gr??????aus*"',
  'header :matches "x-number" "??42"',
  'header :matches "x-number" "??4"',
  'header "x-empty" ""',
  'header :contains "x-empty" ""',
  'header :matches "x-empty" "*"',
  'header "x-none" ""',
  'header :contains "x-none" ""',
  // A fold with a tab is a blank to Pigeonhole; RFC 5322 §2.2.3 takes out the line end alone, as we do.
  'header :matches "x-folded" "one?two"',
  'header :comparator "i;octet" "x-folded" "ONE TWO"',
  'header :comparator "i;ascii-numeric" "x-number" "42"',
  'header :comparator "i;ascii-numeric" :value "lt" "x-number" "100"',
  'header :value "lt" "x-number" "100"',
  'header :comparator "i;ascii-numeric" :value "gt" "x-empty" "100"',
  'header :count "eq" :comparator "i;ascii-numeric" "received" "2"',
  'address :count "eq" :comparator "i;ascii-numeric" "to" "3"',
  'address :count "ge" :comparator "i;ascii-numeric" ["to", "cc"] "5"',
  'address "to" "ben@b.example"',
  'address :domain "to" ["x.example", "A.EXAMPLE"]',
  'address :localpart "cc" "cid"',
  'address :localpart "cc" "quoted local"',
  'address :user "from" "coyote"',
  'address :detail "from" "acme"',
  'address :detail "to" ""',
  'address :contains :all "from" "Wile"',
  'address :matches :domain "from" "*.example.org"',
  'envelope "from" "coyote@desert.example.org"',
  'envelope :detail "to" "meep"',
  'envelope :domain "to" "ACME.example.com"',
  'exists ["x-empty", "subject"]',
  'exists ["x-empty", "x-none"]',
  'not exists "x-none"',
  'allof (true, not false)',
  'anyof (false, false)',
  'size :over 900',
  'size :under 1K',
  'body :contains "Grüße = x"',
  'body :raw :contains "Gr=FC"',
  'body :content "application" :contains "ABC"',
  'body :content "text" :contains "ABC"',
  'body :content "text/plain" :matches "Gr*x*"',
  'date :originalzone "date" "hour" "09"',
  'date :zone "+0530" "date" "time" "22:36:31"',
  'date :zone "+0000" "received" "date" "2006-01-02"',
  'date :originalzone "date" "julian" "50539"',
  'date :originalzone "date" "weekday" "2"',
  'date :originalzone "date" "iso8601" "1997-04-01T09:06:31-08:00"',
  'date :originalzone "date" "std11" "Tue, 01 Apr 1997 09:06:31 -0800"',
  'header :index 1 :contains "received" "a.example"',
  'header :index 2 :contains "received" "a.example"',
  'header :index 3 :contains "received" ""',
  'string :matches "abcabc" "a*c"',
  'string :matches "a*b" "a\\\\*b"',
  'string :matches "axb" "a\\\\*b"',
  // Pigeonhole compares octets here where no comparator is named; RFC 5229 §5 has the default of all tests.
  'string :comparator "i;octet" "${hex:41 42}" "AB"',
  'string "${unicode:20ac}" "€"',
  'string "${HEX:4}" "\u0004"',
  'string "${hex: }" ""',
  'string "${hex:40${hex:40}}" "${hex:40@}"',
  'string :count "eq" :comparator "i;ascii-numeric" ["a", "", "b"] "2"',
  'string :value "gt" "b" ["a", "c"]',
  'hasflag "\\\\Seen"',
];

/** Assignments, and what they make. */
const values = [
  'set :lower :upperfirst "v" "juMBlEd lETteRS";',
  'set :length "v" "äöü€";',
  'set :quotewildcard "v" "a*b?c\\\\";',
  'if header :matches "subject" "* aus *" { set "v" "${1}|${2}"; }',
  'if address :matches "from" "*+*@*.*" { set "v" "${4}.${3}.${2}.${1}.${0}"; }',
  'if string :matches "a.b.c" ["*x*", "*.*.*"] { set "v" "${3}${2}${1}"; }',
  'if string :matches "xay" "?a?" { set "v" "${1}-${2}-${3}"; }',
  'set "a" "1"; set "A" "${a}2"; set "v" "${a}${nothing}${";',
  'set "v" "$${a}${${a}}";',
];

/** So few that sieve-test shows all of the name. */
const GROUP = 8;

function group(index: number): number {
  return Math.floor(index / GROUP);
}

/** What each true test and each value makes of the mailbox's name. */
const script = [
  `require [${requires.map((name) => `"${name}"`).join(', ')}];`,
  'setflag "\\\\Seen";',
  ...tests.map((one, i) => `if ${one} { set "r${group(i)}" "\${r${group(i)}} t${i}"; }`),
  ...tests.flatMap((_, i) => (group(i) === i / GROUP ? [`fileinto "\${r${group(i)}}";`] : [])),
  ...values.map((one, i) => `set "v" ""; ${one}\r\nfileinto "v${i} \${v}";`),
].join('\r\n');

test('Pigeonhole finds the same tests true', { skip: without('sieve-test') }, async () => {
  await using server = new TestServer();
  const file = join(server.data, 'main.sieve');
  const mail = join(server.data, 'message.eml');
  writeFileSync(file, script);
  writeFileSync(mail, message);
  const envelope = ['coyote@desert.example.org', 'roadrunner+meep@acme.example.com'] as const;
  const config = join(server.data, 'dovecot.conf');
  // Dovecot does not work as root.
  const [uid, gid] = [process.getuid!(), process.getgid!()].map((id) => (id === 0 ? 65_534 : id));
  chmodSync(server.data, 0o777);
  const settings = [
    `mail_uid = ${uid}`,
    `mail_gid = ${gid}`,
    'first_valid_uid = 0',
    'first_valid_gid = 0',
    `mail_location = maildir:${server.data}/theirs`,
    'log_path = /dev/stderr',
    'recipient_delimiter = +',
    '',
  ];
  writeFileSync(config, settings.join('\n'));
  const theirs = spawnSync(
    'sieve-test',
    [
      '-c',
      config,
      '-x',
      '+encoded-character',
      '-f',
      envelope[0],
      '-r',
      envelope[1],
      '-a',
      envelope[1],
      file,
      mail,
    ],
    { encoding: 'utf8', env: { ...process.env, HOME: server.data } },
  );
  const stored = [...theirs.stdout.matchAll(/store message in folder: (.*)/g)].map((match) =>
    match[1]!.trim(),
  );
  assert.ok(stored.length > 5, `${theirs.stdout}${theirs.stderr}`);
  const answer = server.command([
    'sieve',
    'test',
    file,
    mail,
    '--from',
    envelope[0],
    '--to',
    envelope[1],
    '--json',
  ]);
  const { actions } = JSON.parse(answer) as { actions: { is: string; mailbox: string }[] };
  const ours = actions.map(({ mailbox }) => mailbox.trim());
  assert.deepEqual(explained(ours), explained(stored));
});

/** Names of tests instead of their numbers, so that a difference says what it is about. */
function explained(mailboxes: readonly string[]): string[] {
  return mailboxes.flatMap((name) =>
    /^t\d/.test(name) ? name.split(' ').map((one) => tests[Number(one.slice(1))] ?? one) : [name],
  );
}
