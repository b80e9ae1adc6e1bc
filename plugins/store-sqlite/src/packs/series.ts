/**
 * A series: the packs that one writer makes. Claiming is safe between processes without locks:
 * `owner.<generation>` holds the owner's tag and is created by link(2), so one of several wins; the highest generation
 * owns. A dead owner's series is taken over by making the next generation; generations only grow, a series given back
 * says `released`. Even if the liveness test were wrong, packs are created with O_EXCL and never written by two.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { errnoOf, PackError } from './errors.js';
import { type PackFs, readSmallFile, writeFully, writeNewFile, writeSmallFile } from './fs.js';
import { packId, packPath, seriesDir, splitPackId, tryParsePackName, tryParseSeries } from './names.js';
import { formatTag, type IsAlive, ownTag, tryParseTag } from './owner.js';
import { ensureSeriesSalt } from './salt.js';
import type { PackId } from './types.js';

const SEALS_FILE = 'seals';
const RELEASED = 'released';
const NEWEST_SERIES = 2 ** 29 - 1;

/** State of a series as its folder tells it. */
export interface SeriesState {
  readonly generation: number;
  /** True when a process owns it and is, or may be, alive. */
  readonly owned: boolean;
}

/** A series owned by this process, until `release`. */
export class Series {
  private lastNumber: number;
  private unwritten: string[] = [];

  private constructor(
    private readonly fs: PackFs,
    private readonly packsDir: string,
    readonly id: number,
    readonly salt: Buffer,
    private readonly ownerPath: string,
    highestNumber: number,
  ) {
    this.lastNumber = highestNumber;
  }

  get dir(): string {
    return seriesDir(this.packsDir, this.id);
  }

  /** A series whose owner is gone, or a new one. `only` claims that one or answers undefined. */
  static async claim(
    fs: PackFs,
    packsDir: string,
    alive: IsAlive,
    only?: number,
  ): Promise<Series | undefined> {
    const known = await listSeries(fs, packsDir);
    for (const id of only === undefined ? known : [only]) {
      const series = await Series.tryTake(fs, packsDir, id, alive);
      if (series !== undefined || only !== undefined) return series;
    }
    for (let id = (known.at(-1) ?? 0) + 1; id <= NEWEST_SERIES; id++) {
      if (!(await fs.tryMakeDir(seriesDir(packsDir, id)))) continue;
      await fs.syncDir(packsDir);
      const series = await Series.tryTake(fs, packsDir, id, alive);
      if (series !== undefined) return series;
    }
    return undefined;
  }

  private static async tryTake(
    fs: PackFs,
    packsDir: string,
    id: number,
    alive: IsAlive,
  ): Promise<Series | undefined> {
    const dir = seriesDir(packsDir, id);
    const state = await readState(fs, dir, alive);
    if (state.owned) return undefined;
    const generation = state.generation + 1;
    const ownerPath = join(dir, `owner.${generation}`);
    const tag = `${formatTag(ownTag())}-${randomBytes(6).toString('hex')}`;
    const tmp = join(dir, `${tag}.tmp`);
    await writeNewFile(fs, tmp, Buffer.from(tag));
    try {
      await fs.link(tmp, ownerPath);
    } catch (error) {
      if (errnoOf(error) === 'EEXIST') return undefined;
      throw error;
    } finally {
      await fs.unlink(tmp);
    }
    const generations = (await fs.list(dir)).map(generationOf);
    if (Math.max(...generations) !== generation) {
      await fs.unlink(ownerPath); // taken over and given back in between: the other one is the owner
      return undefined;
    }
    for (const old of generations)
      if (old > 0 && old < generation) await fs.unlink(join(dir, `owner.${old}`));
    const highest = Math.max(...(await listPackNumbers(fs, dir)), ...(await readSeals(fs, dir)).keys(), 0);
    return new Series(fs, packsDir, id, await ensureSeriesSalt(fs, dir), ownerPath, highest);
  }

  /** A new, empty file for a pack. Its directory entry is not synced yet. */
  async createPack(): Promise<{ id: PackId; fd: number }> {
    for (;;) {
      const id = packId(this.id, ++this.lastNumber);
      try {
        return { id, fd: await this.fs.open(packPath(this.packsDir, id), 'create') };
      } catch (error) {
        if (errnoOf(error) === 'EEXIST') continue;
        this.lastNumber--;
        throw error;
      }
    }
  }

  async syncDir(): Promise<void> {
    await this.fs.syncDir(this.dir);
  }

  /** Removes a pack in which no record was ever acknowledged. */
  async discard(id: PackId): Promise<void> {
    await this.fs.unlink(packPath(this.packsDir, id));
  }

  /**
   * Notes that nobody writes to the pack any more, and its length. Not synced: a lost line is found out by a scan.
   * When the write fails the line goes with the next one.
   */
  async seal(id: PackId, validBytes: number, rawBytes = validBytes): Promise<void> {
    const raw = rawBytes === validBytes ? '' : ` ${rawBytes}`;
    const fields = `${splitPackId(id).number} ${validBytes}${raw}`;
    const lines = [...this.unwritten, `\n${fields} ${crc32(fields)}\n`];
    this.unwritten = [];
    try {
      const fd = await this.fs.open(join(this.dir, SEALS_FILE), 'append');
      try {
        await writeFully(this.fs, fd, [Buffer.from(lines.join(''))], await this.fs.size(fd));
      } finally {
        await this.fs.close(fd);
      }
    } catch (error) {
      this.unwritten.unshift(...lines);
      throw error;
    }
  }

  /** Gives the series back for the next writer to claim. */
  async release(): Promise<void> {
    await writeSmallFile(this.fs, this.ownerPath, Buffer.from(RELEASED), `${this.ownerPath}.tmp`);
  }
}

/** Series numbers in the folder, ascending. */
export async function listSeries(fs: PackFs, packsDir: string): Promise<number[]> {
  const ids = (await fs.list(packsDir)).map(tryParseSeries);
  return ids.filter((id) => id !== undefined).sort((a, b) => a - b);
}

/** Pack numbers in a series folder, ascending. */
export async function listPackNumbers(fs: PackFs, dir: string): Promise<number[]> {
  const numbers = (await fs.list(dir)).map(tryParsePackName);
  return numbers.filter((number) => number !== undefined).sort((a, b) => a - b);
}

export interface Seal {
  /** Up to the last valid record. */
  readonly validBytes: number;
  /** What the records would take as they came: more than that when they are compressed. */
  readonly rawBytes: number;
}

/** By pack number. Lines that a crash tore are left out: their packs count as unsealed. */
export async function readSeals(fs: PackFs, dir: string): Promise<Map<number, Seal>> {
  let text = '';
  try {
    text = (await readSmallFile(fs, join(dir, SEALS_FILE))).toString('latin1');
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw PackError.from(error, 'read seals');
  }
  const seals = new Map<number, Seal>();
  for (const line of text.split('\n')) {
    const match = /^((\d+) (\d+)(?: (\d+))?) (\d+)$/.exec(line);
    if (match === null || crc32(match[1]!) !== Number(match[5])) continue;
    const validBytes = Number(match[3]);
    seals.set(Number(match[2]), { validBytes, rawBytes: Number(match[4] ?? validBytes) });
  }
  return seals;
}

export async function readState(fs: PackFs, dir: string, alive: IsAlive): Promise<SeriesState> {
  const generation = Math.max(0, ...(await fs.list(dir)).map(generationOf));
  if (generation === 0) return { generation, owned: false };
  try {
    const text = (await readSmallFile(fs, join(dir, `owner.${generation}`))).toString('latin1');
    const tag = tryParseTag(text);
    return { generation, owned: text !== RELEASED && (tag === undefined || alive(tag)) };
  } catch (error) {
    // Gone since the listing: somebody has just taken the series over.
    if (errnoOf(error) === 'ENOENT') return { generation, owned: true };
    throw error;
  }
}

function generationOf(name: string): number {
  const match = /^owner\.(\d{1,9})$/.exec(name);
  return match === null ? 0 : Number(match[1]);
}
