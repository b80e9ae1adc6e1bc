import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FlagsText } from './flags-text.js';
import { ModelClient, ModelStore, NumberSet, openModel, replaceBy } from './model.test.support.js';

type Step =
  | { readonly do: 'append'; readonly count: number; readonly flags: number }
  | { readonly do: 'flag' | 'own'; readonly pick: number[]; readonly flags: number; readonly keyword: number }
  | { readonly do: 'expunge'; readonly pick: number[] }
  | { readonly do: 'cut'; readonly cut: number }
  | { readonly do: 'sync'; readonly mayExpunge: boolean };

const pick = fc.array(fc.nat(30), { minLength: 1, maxLength: 6 });
const flags = fc.nat(31);
const keyword = fc.nat(3);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('append' as const), count: fc.integer({ min: 1, max: 6 }), flags }),
  fc.record({ do: fc.constantFrom('flag' as const, 'own' as const), pick, flags, keyword }),
  fc.record({ do: fc.constant('expunge' as const), pick }),
  fc.record({ do: fc.constant('cut' as const), cut: fc.nat(3) }),
  fc.record({ do: fc.constant('sync' as const), mayExpunge: fc.boolean() }),
);

function uidsOf(store: ModelStore, picked: readonly number[]): number[] {
  return store.rows.filter((_, index) => picked.includes(index)).map((row) => row.uid);
}

const names = ['one', 'two'];

async function run(steps: readonly Step[], reusesChunks: boolean, enabled: readonly string[]): Promise<void> {
  const store = new ModelStore(reusesChunks);
  store.keywordNames = names;
  store.append(5);
  const client = new ModelClient(openModel(store, enabled));
  const text = (bits: number, word: number) =>
    new FlagsText(names).of({ flags: [bits], keywords: [word, 0, 0, 0] } as never, 0, false);
  for (const now of steps) {
    if (now.do === 'append') store.append(now.count, now.flags);
    if (now.do === 'cut') store.cut = now.cut;
    if (now.do === 'expunge') store.expunge(uidsOf(store, now.pick));
    if (now.do === 'flag') store.flag(uidsOf(store, now.pick), now.flags, now.keyword);
    if (now.do === 'own') {
      const uids = uidsOf(store, now.pick).filter((uid) =>
        client.messages.some((known) => known.uid === uid),
      );
      store.flag(uids, now.flags, now.keyword);
      const keywords = names.filter((_, bit) => now.keyword & (1 << bit));
      client.view.ownFlagChange(NumberSet.of(...uids), replaceBy(now.flags, keywords), 'nothing');
      client.believe(uids, text(now.flags, now.keyword));
    }
    if (now.do === 'sync') {
      await client.sync(now.mayExpunge);
      const known = new Map(client.messages.map((message) => [message.uid, message]));
      for (const row of store.rows) assert.equal(known.get(row.uid)?.flags, text(row.flags, row.keyword));
      const gone = client.messages.filter(({ uid }) => !store.rows.some((row) => row.uid === uid));
      assert.equal(client.view.ghosts.toString(), NumberSet.of(...gone.map(({ uid }) => uid)).toString());
    }
  }
  await client.sync(true);
  const picture = client.messages.map(({ uid, flags, modSeq }) =>
    enabled.length > 0 ? [uid, flags, modSeq] : [uid, flags],
  );
  const truth = store.rows.map((row) => {
    const seen = [row.uid, text(row.flags, row.keyword)];
    return enabled.length > 0 ? [...seen, row.modSeq] : seen;
  });
  assert.deepEqual(picture, truth);
}

for (const [name, reuses, enabled] of [
  ['a store that keeps chunks', true, []],
  ['a store that makes all chunks anew', false, []],
  ['CONDSTORE', true, ['CONDSTORE']],
] as const) {
  test(`property: whatever others do, the client ends with what the store has (${name})`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), (steps) => run(steps, reuses, enabled)),
      { numRuns: 400 },
    );
  });
}
