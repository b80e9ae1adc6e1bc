/** The mail that rules find in their mailbox. */

const lines = (...all: string[]): string => `${all.join('\r\n')}\r\n`;

const plain = lines(
  'Return-Path: <fred@example.org>',
  'Date: Mon, 7 Feb 1994 21:52:25 -0800 (PST)',
  'From: Fred Foobar <foobar@Blurdybloop.example>',
  'Subject: afternoon meeting',
  'To: mooch@owatagu.siam.edu.example',
  'Message-Id: <B27397-0100000@Blurdybloop.example>',
  'MIME-Version: 1.0',
  'Content-Type: TEXT/PLAIN; CHARSET=US-ASCII',
  '',
  'Hello Joe, do you think we can meet at 3:30 tomorrow?',
);

const reply = lines(
  'Date: Tue, 8 Feb 1994 09:00:00 -0800',
  'From: Joe <mooch@owatagu.siam.edu.example>',
  'Subject: Re: afternoon meeting',
  'To: Fred Foobar <foobar@Blurdybloop.example>',
  'Cc: wilma@example.org',
  'Message-Id: <reply@owatagu.siam.edu.example>',
  'In-Reply-To: <B27397-0100000@Blurdybloop.example>',
  'References: <B27397-0100000@Blurdybloop.example>',
  '',
  'Yes.',
);

const mixed = lines(
  'Date: Wed, 9 Feb 1994 10:00:00 +0000',
  'From: "Doe, Jane" <jane@example.org>',
  'To: list: a@example.org, b@example.org;',
  'Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=',
  'Message-Id: <mixed@example.org>',
  'MIME-Version: 1.0',
  'Content-Type: multipart/mixed; boundary="frontier"',
  '',
  'preamble',
  '--frontier',
  'Content-Type: text/plain; charset=utf-8',
  'Content-Transfer-Encoding: quoted-printable',
  '',
  'Sch=C3=B6ne Gr=C3=BC=C3=9Fe',
  '--frontier',
  'Content-Type: application/octet-stream; name="data.bin"',
  'Content-Transfer-Encoding: base64',
  'Content-Disposition: attachment; filename="data.bin"',
  '',
  'AAECAwQFBgc=',
  '--frontier--',
  'epilogue',
);

const nested = lines(
  'Date: Thu, 10 Feb 1994 10:00:00 +0000',
  'From: wilma@example.org',
  'Subject: Fwd: afternoon meeting',
  'Message-Id: <nested@example.org>',
  'MIME-Version: 1.0',
  'Content-Type: multipart/mixed; boundary=outer',
  '',
  '--outer',
  'Content-Type: message/rfc822',
  '',
  plain.trimEnd(),
  '--outer',
  'Content-Type: multipart/alternative; boundary=inner',
  '',
  '--inner',
  '',
  'plain text',
  '--inner',
  'Content-Type: text/html',
  '',
  '<p>text</p>',
  '--inner--',
  '--outer--',
);

const bare = lines('Subject: nothing else', '', 'x');

/** As octets: latin1 text. */
export const mails: Readonly<Record<string, Buffer>> = Object.fromEntries(
  Object.entries({ plain, reply, mixed, nested, bare }).map(([name, text]) => [
    name,
    Buffer.from(text, 'latin1'),
  ]),
);
