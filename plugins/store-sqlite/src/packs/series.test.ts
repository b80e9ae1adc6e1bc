import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chances, collect, record, scanAll, withTempDir } from './fixtures.test.support.js';
import { nodeFs } from './fs.js';
import { MemoryFs } from './memory-fs.test.support.js';
import { packPath, splitPackId } from './names.js';
import { formatTag, isAlive, ownTag, tryParseTag } from './owner.js';
import { scanPack } from './scan.js';
import { listPacks, sealDeadPacks } from './seal.js';
import { Series } from './series.js';
import { PackWriter } from './writer.js';

const DIR = '/data/packs';
const GONE = () => false;

test('an owner: this process lives; another start, boot or ended pid does not; another namespace may', () => {
  const own = ownTag();
  assert.deepEqual(tryParseTag(`${formatTag(own)}-0a1b2c`), own);
  assert.equal(tryParseTag('nonsense'), undefined);
  assert.ok(isAlive(own));
  assert.ok(!isAlive({ ...own, boot: 'deadbeef' }));
  assert.ok(isAlive({ ...own, pid: 2 ** 22 + 5, namespace: '1' }));
  assert.ok(!isAlive({ ...own, pid: 2 ** 22 + 5 }));
  if (own.start > 0) assert.ok(!isAlive({ ...own, start: own.start - 1 }));
});

test('many claims at once on a real disk: every one gets a series of its own', async () => {
  await withTempDir(async (dir) => {
    await nodeFs.makeDir(dir);
    const claims = await Promise.all(Array.from({ length: 12 }, () => Series.claim(nodeFs, dir, isAlive)));
    const ids = claims.map((series) => series?.id);
    assert.equal(new Set(ids).size, 12);
    await Promise.all(claims.map((series) => series?.release()));
    // All are free now, and fought for again.
    const again = await Promise.all(Array.from({ length: 12 }, () => Series.claim(nodeFs, dir, isAlive)));
    assert.equal(new Set(again.map((series) => series?.id)).size, 12);
    assert.ok(again.some((series) => ids.includes(series?.id)));
  });
});

test('interleaved takeovers of dead series: each goes to exactly one', async () => {
  for (let run = 0; run < 200; run++) {
    const fs = new MemoryFs();
    const random = chances(run);
    const dead = Buffer.from(`${formatTag({ ...ownTag(), boot: '99' })}-ffff`);
    for (const series of ['0001', '0002', '0003']) {
      await fs.makeDir(`${DIR}/${series}`);
      fs.files.set(`${DIR}/${series}/owner.4`, { data: dead, bytes: dead.length, durable: dead });
    }
    fs.turns = () => Math.floor(random() * 12);
    const claims = await Promise.all(Array.from({ length: 6 }, () => Series.claim(fs, DIR, isAlive)));
    const ids = claims.map((series) => series!.id).sort((a, b) => a - b);
    assert.deepEqual(ids, [1, 2, 3, 4, 5, 6], `run ${run}`);
    // A stale view of the folder does not help: nobody can claim what is owned.
    for (const id of ids) assert.equal(await Series.claim(fs, DIR, isAlive, id), undefined);
    const packs = await Promise.all(claims.map((series) => series!.createPack()));
    assert.equal(new Set(packs.map((pack) => pack.id)).size, 6);
  }
});

test('a takeover that was overtaken by others while it looked gives way', async () => {
  const fs = new MemoryFs();
  const put = (name: string, boot: string) => {
    const tag = Buffer.from(`${formatTag({ ...ownTag(), boot })}-ffff`);
    fs.files.set(`${DIR}/0001/${name}`, { data: tag, bytes: tag.length, durable: tag });
  };
  await fs.makeDir(`${DIR}/0001`);
  put('owner.2', '99');
  fs.fault = ({ name }) => {
    if (name === 'link') {
      // Meanwhile 3 took over, removed 2 and died; 4 took over, removed 3 and lives.
      fs.files.delete(`${DIR}/0001/owner.2`);
      put('owner.4', ownTag().boot);
    }
    return undefined;
  };
  assert.equal(await Series.claim(fs, DIR, isAlive, 1), undefined);
  const left = [...fs.files.keys()].filter((name) => name.startsWith(`${DIR}/0001/`));
  assert.deepEqual(left, [`${DIR}/0001/owner.4`]);
});

test('even two who both believe to own a series never write to one pack', async () => {
  const fs = new MemoryFs();
  await fs.makeDir(DIR);
  const first = await Series.claim(fs, DIR, isAlive);
  const second = await Series.claim(fs, DIR, GONE);
  assert.equal(first!.id, second!.id);
  const packs = [];
  for (const owner of [first!, second!, second!, first!]) packs.push((await owner.createPack()).id);
  assert.equal(new Set(packs).size, 4);
});

test('a dead writer: its series is taken over, its packs are sealed at their valid length', async () => {
  const fs = new MemoryFs();
  const dead = await PackWriter.open({ packsDir: DIR, fs, ownPackBytes: 1000 });
  const places = await dead.append([record('a', 300), record('b', 400), record('large', 2000)]);
  const path = packPath(DIR, places[0]!.pack);
  const node = fs.files.get(path)!;
  const valid = node.bytes;
  node.data = Buffer.concat([node.data.subarray(0, valid), Buffer.from('torn tail of an append')]);
  node.bytes = node.data.length;
  assert.ok((await listPacks(DIR, fs)).every((pack) => pack.sealedBytes === undefined));
  const heir = await PackWriter.open({ packsDir: DIR, fs, alive: GONE });
  assert.equal(heir.series, dead.series);
  const packs = await listPacks(DIR, fs);
  assert.equal(packs.find((pack) => pack.path === path)?.sealedBytes, valid);
  assert.equal(packs.length, 2);
  const [next] = await heir.append([record('c')]);
  assert.ok(!places.some((place) => place.pack === next!.pack));
  await heir.close();
  assert.equal((await scanAll(fs, DIR)).messages.size, 4);
});

test('a living writer keeps its series; sealDeadPacks leaves its packs alone and seals those of the dead', async () => {
  const fs = new MemoryFs();
  const living = await PackWriter.open({ packsDir: DIR, fs });
  const [mine] = await living.append([record('mine')]);
  const dying = await PackWriter.open({ packsDir: DIR, fs });
  const [theirs] = await dying.append([record('theirs')]);
  assert.notEqual(splitPackId(mine!.pack).series, splitPackId(theirs!.pack).series);
  const ownerFile = [...fs.files.keys()].find((name) => name.startsWith(`${DIR}/0002/owner.`))!;
  const ended = Buffer.from(`${formatTag({ ...ownTag(), boot: '99' })}-ffff`);
  fs.files.set(ownerFile, { data: ended, bytes: ended.length, durable: ended });
  assert.deepEqual(await sealDeadPacks(DIR, { fs }), [theirs!.pack]);
  const packs = await listPacks(DIR, fs);
  assert.equal(packs.find((pack) => pack.id === mine!.pack)?.sealedBytes, undefined);
  assert.ok((packs.find((pack) => pack.id === theirs!.pack)?.sealedBytes ?? 0) > 64);
  assert.deepEqual(await sealDeadPacks(DIR, { fs }), []);
  await living.close();
});

test('a pack that cannot be read is left unsealed and does not keep a writer from opening', async () => {
  const fs = new MemoryFs();
  const dead = await PackWriter.open({ packsDir: DIR, fs });
  const [place] = await dead.append([record('a')]);
  const bad = packPath(DIR, place!.pack);
  fs.fault = ({ name, path }) => (name === 'fdatasync' && path === bad ? { errno: 'EIO' } : undefined);
  const incidents: string[] = [];
  const heir = await PackWriter.open({
    ...{ packsDir: DIR, fs, alive: GONE },
    onIncident: (incident) => incidents.push(incident.kind),
  });
  assert.deepEqual(incidents, ['seal-failed']);
  await heir.append([record('b')]);
  await heir.close();
  assert.equal((await listPacks(DIR, fs))[0]?.sealedBytes, undefined);
  assert.equal((await scanAll(fs, DIR)).messages.size, 2);
});

test('a pack of which not even the header was written is sealed as empty', async () => {
  const fs = new MemoryFs();
  const dead = await PackWriter.open({ packsDir: DIR, fs });
  await fs.close(await fs.open(packPath(DIR, 2 ** 24 + 1), 'create'));
  const heir = await PackWriter.open({ packsDir: DIR, fs, alive: GONE });
  assert.equal(heir.series, dead.series);
  assert.equal((await listPacks(DIR, fs))[0]?.sealedBytes, 0);
  const [place] = await heir.append([record('x')]);
  assert.equal(splitPackId(place!.pack).number, 2);
  await heir.close();
});

test('a torn line of seals makes its pack unsealed, and hurts no other line', async () => {
  const fs = new MemoryFs();
  for (const name of ['a', 'b']) {
    const writer = await PackWriter.open({ packsDir: DIR, fs });
    await writer.append([record(name)]);
    await writer.close();
  }
  const seals = fs.files.get(`${DIR}/0001/seals`)!;
  seals.bytes -= 3;
  assert.deepEqual(
    (await listPacks(DIR, fs)).map((pack) => pack.sealedBytes !== undefined),
    [true, false],
  );
  const heir = await PackWriter.open({ packsDir: DIR, fs });
  assert.ok((await listPacks(DIR, fs)).every((pack) => pack.sealedBytes === pack.bytes));
  await heir.close();
  assert.ok((await collect(scanPack(DIR, 2 ** 24 + 2, { fs }))).length === 2);
});
