import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PackError } from './errors.js';
import { decodeJournal, encodeJournal, type JournalEntry, type UidRange } from './journal.js';

const u32 = fc.nat({ max: 0xffff_ffff });
const modseq = fc.maxSafeNat();
const text = fc.string({ unit: 'grapheme', maxLength: 40 });
const keywords = fc.array(fc.string({ maxLength: 12 }), { maxLength: 5 });
const uids = fc.array(fc.tuple(u32, u32), { maxLength: 20 }) as fc.Arbitrary<UidRange[]>;
const message = fc.record({
  uid: u32,
  guid: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes)),
  flags: u32,
  keywords,
  internalDateSec: fc.maxSafeInteger(),
  zoneMinutes: fc.integer({ min: -1440, max: 1440 }),
});
const entry: fc.Arbitrary<JournalEntry> = fc.oneof(
  fc.record({
    kind: fc.constant('filed' as const),
    mailbox: text,
    name: text,
    modseq,
    messages: fc.array(message, { maxLength: 10 }),
  }),
  fc.record({
    kind: fc.constant('mailbox' as const),
    mailbox: text,
    name: text,
    modseq,
    uidValidity: u32,
    attributes: fc.json(),
  }),
  fc.record({ kind: fc.constant('mailbox-deleted' as const), mailbox: text, modseq }),
  fc.record({ kind: fc.constant('flags' as const), mailbox: text, modseq, flags: u32, keywords, uids }),
  fc.record({ kind: fc.constant('expunged' as const), mailbox: text, modseq, uids }),
);

/** fast-check makes objects without a prototype; only the content counts. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

test('entries come back as they were', () => {
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 20 }), (entries) => {
      assert.deepEqual(plain(encodeJournal(entries).flatMap(decodeJournal)), plain(entries));
    }),
  );
});

test('a body cut anywhere is refused, or is a whole number of its entries', () => {
  fc.assert(
    fc.property(fc.array(entry, { minLength: 1, maxLength: 4 }), fc.nat(), (entries, cut) => {
      const [body] = encodeJournal(entries);
      assert.ok(body !== undefined);
      const part = body.subarray(0, cut % body.length);
      try {
        const got = decodeJournal(part);
        assert.ok(got.length < entries.length);
        assert.deepEqual(plain(got), plain(entries.slice(0, got.length)));
      } catch (error) {
        assert.ok(error instanceof PackError, String(error));
        assert.equal(error.code, 'corrupt');
      }
    }),
  );
});

test('arbitrary bytes never do anything but decode or be refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, versioned) => {
      const body = Buffer.from(bytes);
      if (versioned && body.length > 0) body[0] = 1;
      try {
        decodeJournal(body);
      } catch (error) {
        assert.ok(error instanceof PackError, String(error));
      }
    }),
    { numRuns: 1000 },
  );
});

test('an entry of a kind that is not known yet is skipped; a newer version is refused', () => {
  const [one] = encodeJournal([{ kind: 'mailbox-deleted', mailbox: 'a', modseq: 1 }]);
  const [two] = encodeJournal([{ kind: 'mailbox-deleted', mailbox: 'b', modseq: 2 }]);
  assert.ok(one !== undefined && two !== undefined);
  const unknown = Buffer.from([200, 3, 0, 0, 0, 9, 9, 9]);
  const both = decodeJournal(Buffer.concat([one, unknown, two.subarray(1)]));
  assert.deepEqual(
    both.map((item) => item.mailbox),
    ['a', 'b'],
  );
  one[0] = 2;
  assert.throws(() => decodeJournal(one), { code: 'unsupported' });
});

test('a bulk copy is split into bodies of moderate size', () => {
  const guid = Buffer.alloc(32, 1);
  const messages = Array.from({ length: 100_000 }, (_, index) => ({
    uid: index + 1,
    guid,
    flags: 0,
    keywords: ['$Label1'],
    internalDateSec: 1,
    zoneMinutes: 0,
  }));
  const bodies = encodeJournal([{ kind: 'filed', mailbox: 'm', name: 'n', modseq: 9, messages }]);
  assert.ok(bodies.length > 10);
  assert.ok(bodies.every((body) => body.length < 1024 * 1024));
  const back = bodies.flatMap(decodeJournal).flatMap((item) => (item.kind === 'filed' ? item.messages : []));
  assert.equal(back.length, messages.length);
  assert.equal(back.at(-1)?.uid, 100_000);
});
