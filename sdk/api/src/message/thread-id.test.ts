import assert from 'node:assert/strict';
import { test } from 'node:test';
import { summarise } from './summary-encode.js';
import { SummaryView } from './summary-view.js';
import { threadIdOf } from './thread-id.js';

function threadOf(header: string, guid = 0): string {
  const extra = { guid: Buffer.alloc(32, guid), internalDateMs: 0, saveDateMs: 0 };
  return threadIdOf(new SummaryView(summarise(Buffer.from(`${header}\r\n\r\nx`), extra))).toString('hex');
}

test('messages of one conversation have one id (RFC 8474 §5.2)', () => {
  const first = threadOf('Message-ID: <1@x>\r\nSubject: News');
  assert.equal(threadOf('Message-ID: <2@x>\r\nIn-Reply-To: <1@x>\r\nSubject: Re: News'), first);
  assert.equal(
    threadOf('Message-ID: <3@x>\r\nReferences: <1@x>\r\n <2@x>\r\nSubject: AW: [list] news', 7).length,
    32,
  );
  assert.equal(threadOf('Message-ID: <3@x>\r\nReferences: <1@x> <2@x>\r\nSubject: RE: news'), first);
  assert.notEqual(threadOf('Message-ID: <4@x>\r\nReferences: <1@x>\r\nSubject: Other'), first);
  assert.notEqual(threadOf('Message-ID: <5@x>\r\nSubject: News'), first);
});

test('without identifiers each message is alone', () => {
  assert.notEqual(threadOf('Subject: News', 1), threadOf('Subject: News', 2));
  assert.equal(threadOf('Subject: News', 1), threadOf('Subject: News', 1));
});
