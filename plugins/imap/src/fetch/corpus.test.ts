/** FETCH of all sections of the sample mail, against the structure that a parse of the whole message finds. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse, sectionOf, sectionsOf } from '@angarium/sdk';
import { corpusFolder, corpusMessages } from '@angarium/testing';
import { TestServer, type TestSession } from '../messages/harness.test.support.js';

const folder = corpusFolder();

/** The value of the one section asked for; undefined for NIL. */
async function section(session: TestSession, label: string): Promise<string | undefined> {
  const raw = await session.runRaw(`FETCH 1 BODY.PEEK[${label}]`);
  const head = `* 1 FETCH (BODY[${label}] `;
  assert.ok(raw.startsWith(head), raw.slice(0, 200));
  const rest = raw.slice(head.length);
  if (rest.startsWith('NIL)\r\n')) return undefined;
  if (rest.startsWith('"")\r\n')) return '';
  const [literal = '', size = ''] = /^\{(\d+)\}\r\n/.exec(rest) ?? [];
  const value = rest.slice(literal.length, literal.length + Number(size));
  assert.equal(rest.slice(literal.length + Number(size)), ')\r\nA OK Completed\r\n');
  return value;
}

test('sections of the corpus', { skip: folder === undefined ? 'no corpus here' : false }, async () => {
  for (const { name, message } of corpusMessages(folder!)) {
    if (message.length > 300_000) continue;
    const session = await (await TestServer.with([{ text: message }])).select('INBOX', { isReadOnly: true });
    const structure = parse(message);
    const whole = message.latin1Slice();
    assert.equal(await section(session, ''), whole, name);
    const header = (await section(session, 'HEADER')) ?? '';
    assert.ok(whole.startsWith(header), name);
    assert.equal(await section(session, 'TEXT'), whole.slice(header.length), name);
    let count = 0;
    for (const { path } of sectionsOf(structure)) {
      if (path.length === 0 || ++count > 40) continue;
      const { headerOffset, headerLength, bodyOffset, bodyLength } = sectionOf(structure, path)!;
      const label = path.join('.');
      assert.equal(await section(session, label), whole.slice(bodyOffset, bodyOffset + bodyLength), name);
      const mime = whole.slice(headerOffset, headerOffset + headerLength);
      assert.equal(await section(session, `${label}.MIME`), mime, `${name} ${label}`);
    }
    const [line = ''] = await session.run('FETCH 1 (ENVELOPE BODYSTRUCTURE BODY)');
    assert.match(line, /^\* 1 FETCH \(ENVELOPE \(/, name);
  }
});
