import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ImapSyntaxError, MailError } from '@angarium/sdk';
import { RecordingLogger } from '@angarium/testing';
import { respText } from './reply.js';
import { toTagged } from './to-tagged.js';
import { LiteralRefused } from './wire/index.js';

function tagged(error: unknown): { readonly reply: string; readonly log: string } {
  const log = new RecordingLogger();
  const { kind, code, text } = toTagged(error, log, { command: 'X' });
  return {
    reply: `${kind} ${respText(text, code)}`,
    log: log.lines.map(({ level, fields }) => `${level} ${(fields['err'] as Error).message}`).join(),
  };
}

test('errors become replies, and only ours are logged as errors', () => {
  assert.deepEqual(tagged(new ImapSyntaxError('expected a space, found x', 7)), {
    reply: 'BAD [CLIENTBUG] Expected a space, found x at octet 7',
    log: '',
  });
  assert.deepEqual(tagged(new ImapSyntaxError('FETCH is not allowed before login')), {
    reply: 'BAD [CLIENTBUG] FETCH is not allowed before login',
    log: '',
  });
  assert.deepEqual(tagged(new MailError('OVERQUOTA', 'Over quota')), {
    reply: 'NO [OVERQUOTA] Over quota',
    log: '',
  });
  assert.deepEqual(tagged(new MailError('BADMESSAGE', 'Odd')), { reply: 'NO Odd', log: '' });
  const caused = new MailError('UNAVAILABLE', 'Try later', { cause: new Error('disk full') });
  assert.deepEqual(tagged(caused), { reply: 'NO [UNAVAILABLE] Try later', log: 'info disk full' });
  assert.deepEqual(tagged(new LiteralRefused('BAD')), {
    reply: 'BAD [TOOBIG] The literal is too big',
    log: '',
  });
  assert.deepEqual(tagged(new TypeError('x is undefined')), {
    reply: 'NO [SERVERBUG] Internal error, the server log has the details',
    log: 'error x is undefined',
  });
});

test('whatever the text is, the reply is one line of ASCII that is no response code', () => {
  assert.equal(respText('a\r\nb OK é', undefined), 'a??b OK ?');
  assert.equal(respText('', undefined), 'Done');
  assert.equal(respText('[ALERT] x', undefined), '?ALERT] x');
  assert.equal(respText('x', 'A]\r\nB'), '[A???B] x');
});
