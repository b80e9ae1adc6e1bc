/** The files a reader holds open: least recently used ones are closed, one in use only after its last read. */
import { errnoOf, PackError } from './errors.js';
import { decodePackHeader, PACK_HEADER_BYTES, packSeed } from './format.js';
import { type PackFs, readFully } from './fs.js';
import { packPath, seriesDir, splitPackId } from './names.js';
import { readSeriesSalt } from './salt.js';
import type { PackId } from './types.js';

export interface OpenPack {
  readonly fd: number;
  /** For the check sums of record headers. */
  readonly seed: number;
}

interface Slot {
  readonly opened: Promise<OpenPack>;
  uses: number;
  evicted: boolean;
}

export class OpenPacks {
  private readonly slots = new Map<PackId, Slot>();

  constructor(
    private readonly fs: PackFs,
    private readonly packsDir: string,
    private readonly maxOpen: number,
    private readonly problemOf?: () => string | undefined,
  ) {}

  get size(): number {
    return this.slots.size;
  }

  /** Runs `use` with the open pack. Throws PackError `missing`, `corrupt`, `unsupported`, `io`. */
  async with<T>(pack: PackId, use: (open: OpenPack) => Promise<T>): Promise<T> {
    const slot = this.slotOf(pack);
    slot.uses++;
    try {
      return await use(await slot.opened);
    } finally {
      slot.uses--;
      this.closeIfDone(slot);
    }
  }

  /** True when the pack was open, and now counts as closed: the next use opens it again. */
  forget(pack: PackId): boolean {
    const slot = this.slots.get(pack);
    if (slot === undefined) return false;
    this.slots.delete(pack);
    slot.evicted = true;
    this.closeIfDone(slot);
    return true;
  }

  closeAll(): void {
    for (const pack of [...this.slots.keys()]) this.forget(pack);
  }

  private slotOf(pack: PackId): Slot {
    const known = this.slots.get(pack);
    if (known !== undefined) {
      this.slots.delete(pack); // to the end of the Map: most recently used
      this.slots.set(pack, known);
      return known;
    }
    const slot: Slot = { opened: this.open(pack), uses: 0, evicted: false };
    this.slots.set(pack, slot);
    slot.opened.catch(() => {
      if (this.slots.get(pack) === slot) this.slots.delete(pack);
    });
    if (this.slots.size > this.maxOpen) {
      const oldest = this.slots.keys().next();
      if (oldest.done !== true) this.forget(oldest.value);
    }
    return slot;
  }

  private closeIfDone(slot: Slot): void {
    if (!slot.evicted || slot.uses > 0) return;
    slot.opened.then(({ fd }) => this.fs.close(fd)).catch(() => undefined);
  }

  private async open(pack: PackId): Promise<OpenPack> {
    let fd: number | undefined;
    try {
      fd = await this.fs.open(packPath(this.packsDir, pack), 'read');
      return { fd, seed: await this.readSeed(fd, pack) };
    } catch (error) {
      if (fd !== undefined) await this.fs.close(fd).catch(() => undefined);
      if (errnoOf(error) === 'ENOENT') {
        const problem = this.problemOf?.();
        if (problem !== undefined) throw new PackError('offline', problem, { cause: error });
        throw new PackError('missing', `pack ${pack} is not there`, { cause: error });
      }
      throw PackError.from(error, `open pack ${pack}`);
    }
  }

  private async readSeed(fd: number, pack: PackId): Promise<number> {
    const header = Buffer.allocUnsafe(PACK_HEADER_BYTES);
    const count = await readFully(this.fs, fd, header, 0);
    try {
      return packSeed(pack, decodePackHeader(header.subarray(0, count), pack));
    } catch (error) {
      if (error instanceof PackError && error.code === 'unsupported') throw error;
      const salt = await readSeriesSalt(this.fs, seriesDir(this.packsDir, splitPackId(pack).series));
      if (salt === undefined) throw error;
      return packSeed(pack, salt);
    }
  }
}
