import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { ArgumentReader, CommandSyntaxError, isMailError, type MailboxId } from '@angarium/sdk';
import fc from 'fast-check';
import { parseSince } from './commands/news.js';
import { opens } from './control/cancel-lock.js';
import { GroupNames } from './groups/names.js';
import { formatPlaces, placesOf, uidKey } from './history/history.js';
import { ArticleHeader } from './post/header.js';
import { checkArticle, type Rules, type Source } from './post/rules.js';
import { parseRange } from './reading/ranges.js';
import { formatReply } from './replies.js';
import { fromWire, isMessageId, oneLine, toWire } from './text.js';

test('RFC 3977 §9.8: ranges', () => {
  assert.deepEqual(parseRange('5'), { first: 5, last: 5 });
  assert.deepEqual(parseRange('5-'), { first: 5, last: Number.POSITIVE_INFINITY });
  assert.deepEqual(parseRange('5-7'), { first: 5, last: 7 });
  assert.deepEqual(parseRange('7-5'), { first: 7, last: 5 });
  for (const text of ['', '-', '-5', 'a', '5-a', '5--7', '5-7-9', '12345678901234567']) {
    assert.equal(parseRange(text), undefined, text);
  }
});

test('names of groups and mailboxes are each other', () => {
  const component = fc.stringMatching(/^[a-z0-9+_é-]{1,10}$/);
  fc.assert(
    fc.property(fc.array(component, { minLength: 1, maxLength: 6 }), (components) => {
      const group = components.join('.');
      for (const prefix of ['', 'news', 'news.usenet']) {
        const names = new GroupNames(prefix);
        assert.equal(names.groupOf(names.mailboxOf(group)!), group);
      }
    }),
  );
});

test('whatever a client calls a group, it is a mailbox below the prefix or none', () => {
  const names = new GroupNames('news');
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 30 }), (text) => {
      const mailbox = names.mailboxOf(text);
      if (mailbox === undefined) return;
      assert.ok(mailbox.path.length > 1 && mailbox.path[0] === 'news' && mailbox.owner === undefined);
      assert.equal(names.groupOf(mailbox), text);
    }),
  );
  for (const bad of ['', '.', 'a..b', '.a', 'a.', 'a b', 'a*', 'a\x1fb', 'x'.repeat(500)]) {
    assert.equal(names.mailboxOf(bad), undefined, bad);
  }
});

test('text on the wire: no list or reply can be broken by what stands in it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 700 }), (text) => {
      assert.doesNotMatch(oneLine(text), /[\x00\t\r\n]/);
      const reply = formatReply(500, text);
      assert.doesNotMatch(reply, /[\x00-\x1f\x7f]/);
      assert.ok(reply.length <= 510);
      const wire = toWire(text.toWellFormed());
      assert.doesNotMatch(wire, /[\u0100-\uffff]/);
      assert.equal(fromWire(wire), text.toWellFormed().normalize('NFC').replace(/^$/, ''));
    }),
  );
  assert.equal(fromWire('\xff'), undefined);
});

test('message identifiers', () => {
  assert.ok(isMessageId('<a@b>') && isMessageId(`<${'a'.repeat(248)}>`));
  for (const bad of ['', '<>', 'a@b', '<a b>', '<a>b>', `<${'a'.repeat(249)}>`, '<é@b>', '<a\r\n>']) {
    assert.ok(!isMessageId(bad), bad);
  }
});

test('places of an article are read as they were written', () => {
  const place = fc.record(
    {
      mailbox: fc.stringMatching(/^[A-Za-z0-9_-]{1,40}$/).map((id) => id as MailboxId),
      uid: fc.integer({ min: 1, max: 0xffffffff }),
    },
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(fc.array(place, { maxLength: 5 }), (places) => {
      assert.deepEqual(placesOf(formatPlaces(places)), places);
    }),
  );
  assert.deepEqual(placesOf('?hold'), []);
  assert.ok(uidKey(9) < uidKey(10) && uidKey(999_999_999) < uidKey(4_294_967_295));
});

test('NEWNEWS and NEWGROUPS: dates', () => {
  const now = Date.UTC(2026, 0, 1);
  const since = (text: string) => parseSince(new ArgumentReader(text), now);
  assert.equal(since('20240229 235959 GMT'), Date.UTC(2024, 1, 29, 23, 59, 59));
  assert.equal(since('240101 000000'), Date.UTC(2024, 0, 1));
  assert.equal(since('990101 000000 gmt'), Date.UTC(1999, 0, 1));
  for (const bad of ['', '20240230 000000', '20241301 000000', '20240100 000000', '20240101 240000', 'x y']) {
    assert.throws(() => since(bad), CommandSyntaxError, bad);
  }
});

test('RFC 8315: a key opens its lock, and no other', () => {
  const lock = (key: string) => `sha256:${createHash('sha256').update(key).digest('base64')}`;
  assert.ok(opens('sha256:secret', lock('secret')));
  assert.ok(opens('sha256:x (wrong) SHA256:secret', `${lock('other')} (c) ${lock('secret')}`));
  assert.ok(!opens('sha256:secret', lock('other')));
  assert.ok(!opens('', lock('')) && !opens('sha256:x', '') && !opens('sha1:secret', lock('secret')));
  // RFC 8315 §5.1
  assert.ok(
    opens(
      'sha256:qv1VXHYiCGjkX/N1nhfYKcAeUn8bCVhrWhoKuBSnpMA=',
      'sha256:s/pmK/3grrz++29ce2/mQydzJuc7iqHn1nqcJiQTPMc=',
    ),
  );
});

const rules: Rules = {
  pathIdentity: 'news.example',
  serverName: 'news.example',
  nowMs: Date.UTC(2024, 0, 10),
  cutoffDays: 5,
  postUser: 'post',
  postDomain: 'example.org',
  addHeaders: ['to', 'replyto'],
};
const poster: Source = { kind: 'poster', expectedId: undefined, address: '192.0.2.1', user: 'fred' };
const peer: Source = { kind: 'peer', expectedId: '<1@x>', address: '192.0.2.9', user: '' };
const base = 'From: f@x\r\nSubject: s\r\nNewsgroups: a.b,\r\n c.d\r\n';

test('RFC 5537 §3.5: what a poster sends is completed', () => {
  const { header, messageId } = checkArticle(
    ArticleHeader.parse(`${base}Xref: x a.b:1\r\nPath: evil\r\n`),
    poster,
    rules,
  );
  assert.match(messageId, /^<[^<>@\s]+@news\.example>$/);
  assert.match(header, /^Path: news\.example!\.POSTED\.192\.0\.2\.1!evil\r\n/);
  assert.match(
    header,
    /\r\nInjection-Info: news\.example; posting-host="192\.0\.2\.1"; posting-account="fred"/,
  );
  assert.match(header, /\r\nDate: Wed, 10 Jan 2024 00:00:00 \+0000\r\nInjection-Date: Wed, 10 Jan/);
  assert.match(header, /\r\nTo: post\+a\.b@example\.org,\r\n\tpost\+c\.d@example\.org\r\n/);
  assert.match(header, /\r\nReply-To: f@x,\r\n\tpost\+a\.b@/);
  assert.doesNotMatch(header, /Xref/);
  assert.ok(header.endsWith('Newsgroups: a.b,\r\n c.d\r\n\r\n'));
  const whole = checkArticle(
    ArticleHeader.parse(`${base}Message-ID: <1@x>\r\nDate: Wed, 10 Jan 2024 00:00:00 +0000\r\n`),
    poster,
    rules,
  );
  assert.doesNotMatch(whole.header, /Injection-Date/);
});

test('RFC 5537 §3.6: what a peer sends is kept, but for the Path', () => {
  const text = `${base}Message-ID: <1@x>\r\nPath: y!z\r\nDate: Tue, 9 Jan 2024 00:00:00 +0000\r\n`;
  const { header } = checkArticle(ArticleHeader.parse(text), peer, rules);
  const kept = `${base}Message-ID: <1@x>\r\nDate: Tue, 9 Jan 2024 00:00:00 +0000\r\n\r\n`;
  assert.equal(header, `Path: news.example!.SEEN.192.0.2.9!y!z\r\n${kept}`);
});

test('articles that are refused', () => {
  const cases: readonly [Source, string, RegExp][] = [
    [poster, 'Subject: s\r\nNewsgroups: a\r\n', /From/],
    [poster, 'From: f\r\nNewsgroups: a\r\n', /Subject/],
    [poster, 'From: f\r\nSubject: s\r\n', /Newsgroups/],
    [poster, 'From: f\r\nSubject: s\r\nNewsgroups: ,\r\n', /names no newsgroup/],
    [poster, `${base}Subject: t\r\n`, /more than one Subject/],
    [poster, `${base}no field\r\n`, /no header field/],
    [poster, `${base}Message-ID: x\r\n`, /Message-ID is malformed/],
    [poster, `${base}Date: never\r\n`, /Date field is malformed/],
    [poster, `${base}Date: Wed, 10 Jan 2034 00:00:00 +0000\r\n`, /future/],
    [poster, `${base}Injection-Info: x\r\n`, /injected already/],
    [poster, `${base}Path: x!.POSTED!y\r\n`, /injected already/],
    [peer, base, /Message-ID/],
    [peer, `${base}Message-ID: <2@x>\r\n`, /another/],
    [peer, `${base}Message-ID: <1@x>\r\n`, /Date/],
    [peer, `${base}Message-ID: <1@x>\r\nDate: Tue, 9 Jan 2024 00:00:00 +0000\r\n`, /Path/],
    [peer, `${base}Message-ID: <1@x>\r\nPath: a\r\nDate: Mon, 1 Jan 2024 00:00:00 +0000\r\n`, /too old/],
  ];
  for (const [source, text, reason] of cases) {
    assert.throws(
      () => checkArticle(ArticleHeader.parse(text), source, rules),
      (error) => isMailError(error) && error.code === 'BADMESSAGE' && reason.test(error.publicText),
      text,
    );
  }
});

test('any header is parsed to its fields or refused, nothing else is thrown', () => {
  const line = fc.oneof(fc.constant(base), fc.string({ unit: 'binary', maxLength: 60 }));
  fc.assert(
    fc.property(fc.array(line, { maxLength: 6 }), (lines) => {
      const text = lines.map((part) => `${part}\r\n`).join('');
      try {
        const { fields } = ArticleHeader.parse(text);
        assert.equal(fields.map(({ raw }) => raw).join(''), text);
      } catch (error) {
        assert.ok(isMailError(error) && error.code === 'BADMESSAGE', String(error));
      }
    }),
  );
});
