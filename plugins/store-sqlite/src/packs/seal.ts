/** What is done with packs that a dead process left, and the list of packs for planners. */
import { errnoOf, PackError } from './errors.js';
import { nodeFs, type PackFs } from './fs.js';
import { packId, packPath, seriesDir } from './names.js';
import { type IsAlive, isAlive } from './owner.js';
import { scanPack } from './scan.js';
import { listPackNumbers, listSeries, readSeals, readState, type Seal, Series } from './series.js';
import type { PackId, PackInfo } from './types.js';

/**
 * Seals every unsealed pack of a series: syncs it (a killed process leaves unsynced pages, which a later power cut
 * would take), scans it, records its valid length. Nothing is cut off: a torn tail only ends the valid part.
 * A pack that fails stays unsealed (readable, never compacted) and is reported: it must not keep a server from starting.
 */
export async function sealSeries(
  fs: PackFs,
  packsDir: string,
  series: Series,
  onFailure: (pack: PackId, error: PackError) => void,
): Promise<PackId[]> {
  const sealed: PackId[] = [];
  const known = await readSeals(fs, series.dir);
  for (const number of await listPackNumbers(fs, series.dir)) {
    if (known.has(number)) continue;
    const id = packId(series.id, number);
    try {
      await syncPack(fs, packPath(packsDir, id));
      const { validBytes, rawBytes } = await measure(fs, packsDir, id);
      await series.seal(id, validBytes, rawBytes);
      sealed.push(id);
    } catch (error) {
      onFailure(id, PackError.from(error, `seal pack ${id}`));
    }
  }
  return sealed;
}

async function syncPack(fs: PackFs, path: string): Promise<void> {
  const fd = await fs.open(path, 'read');
  try {
    await fs.fdatasync(fd);
  } finally {
    await fs.close(fd);
  }
}

/** Nothing is in it when not even the salt is known (a pack without a whole header is empty). No key is needed. */
async function measure(fs: PackFs, packsDir: string, id: PackId): Promise<Seal> {
  try {
    for await (const event of scanPack(packsDir, id, { fs })) {
      if (event.kind === 'end') return { validBytes: event.validBytes, rawBytes: event.rawBytes };
    }
  } catch (error) {
    const fault = PackError.from(error, 'seal');
    if (fault.code !== 'corrupt' && fault.code !== 'unsupported' && fault.code !== 'short') throw fault;
  }
  return { validBytes: 0, rawBytes: 0 };
}

export interface SealOptions {
  readonly onFailure?: (pack: PackId, error: PackError) => void;
  readonly fs?: PackFs;
  readonly alive?: IsAlive;
}

/** Seals what dead processes left in any series. PackWriter.open does it for its own; answers the ids sealed. */
export async function sealDeadPacks(packsDir: string, options: SealOptions = {}): Promise<PackId[]> {
  const fs = options.fs ?? nodeFs;
  const alive = options.alive ?? isAlive;
  const onFailure = options.onFailure ?? (() => undefined);
  const sealed: PackId[] = [];
  for (const id of await listSeries(fs, packsDir)) {
    const dir = seriesDir(packsDir, id);
    const seals = await readSeals(fs, dir);
    if ((await listPackNumbers(fs, dir)).every((number) => seals.has(number))) continue;
    if ((await readState(fs, dir, alive)).owned) continue;
    const series = await Series.claim(fs, packsDir, alive, id);
    if (series === undefined) continue;
    try {
      sealed.push(...(await sealSeries(fs, packsDir, series, onFailure)));
    } finally {
      await series.release();
    }
  }
  return sealed;
}

/** All packs of a partition, in order of id. A pack removed meanwhile is left out. */
export async function listPacks(packsDir: string, fs: PackFs = nodeFs): Promise<PackInfo[]> {
  const packs: PackInfo[] = [];
  for (const series of await listSeries(fs, packsDir)) {
    const dir = seriesDir(packsDir, series);
    const seals = await readSeals(fs, dir);
    for (const number of await listPackNumbers(fs, dir)) {
      const id = packId(series, number);
      const path = packPath(packsDir, id);
      try {
        const seal = seals.get(number);
        const sealed = { sealedBytes: seal?.validBytes, rawBytes: seal?.rawBytes };
        packs.push({ id, path, ...(await fs.stat(path)), ...sealed });
      } catch (error) {
        if (errnoOf(error) !== 'ENOENT') throw PackError.from(error, `stat ${path}`);
      }
    }
  }
  return packs;
}
