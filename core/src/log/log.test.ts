import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { describe, it } from 'node:test';
import { createLog, type LogOptions, sayReady } from './log.js';

function capture(options: Partial<LogOptions> & { isTTY?: boolean } = {}) {
  const chunks: string[] = [];
  const stream = Object.assign(
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        chunks.push(chunk.toString());
        done();
      },
    }),
    { isTTY: options.isTTY ?? false },
  );
  const log = createLog({ level: 'debug', format: 'auto', stream, ...options });
  return {
    log,
    stream,
    text: () => chunks.join(''),
    lines: () =>
      chunks
        .join('')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
  };
}

describe('log', () => {
  it('is JSON away from a terminal: level, sentence, fields of parent and child', () => {
    const { log, lines } = capture({ fields: { worker: 1 } });
    log.child({ plugin: 'a' }).info('done', { count: 3 });
    const [{ time, ...line }] = lines();
    assert.deepEqual(line, { level: 'info', worker: 1, plugin: 'a', count: 3, msg: 'done' });
    assert.match(time, /^\d{4}-\d\d-\d\dT/);
  });

  it('is for people on a terminal, unless told otherwise', () => {
    const pretty = capture({ isTTY: true });
    pretty.log.warn('careful', { count: 3 });
    assert.match(pretty.text(), /WARN.*careful/);
    const json = capture({ isTTY: true, format: 'json' });
    json.log.warn('careful');
    assert.equal(json.lines()[0].msg, 'careful');
  });

  it('does not write what looks like a secret, also below', () => {
    const { log, text } = capture();
    log.info('x', { password: 'p1', options: { token: 'p2', deep: { secret: 'p3' } }, user: 'u' });
    assert.doesNotMatch(text(), /p1|p2|p3/);
    assert.match(text(), /"user":"u"/);
  });

  it('writes errors with code and causes', () => {
    const { log, lines } = capture();
    log.error('failed', {
      err: new Error('outer', { cause: Object.assign(new Error('inner'), { code: 'EIO' }) }),
    });
    const { err } = lines()[0];
    assert.deepEqual([err.message, err.cause.message, err.cause.code], ['outer', 'inner', 'EIO']);
  });

  it('keeps to its level', () => {
    const { log, text } = capture({ level: 'error' });
    log.warn('x');
    assert.equal(text(), '');
  });

  it('says ready as people or scripts want it', () => {
    const { stream, text } = capture();
    sayReady({ format: 'auto' }, stream);
    sayReady({ format: 'json' }, stream);
    const [plain, json] = text().trim().split('\n');
    assert.equal(plain, 'angarium ready');
    assert.equal(JSON.parse(json!).msg, 'ready');
    assert.match(json!, /^\{"msg":"ready",/);
  });
});
