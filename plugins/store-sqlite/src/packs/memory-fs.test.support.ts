/**
 * A file system in memory for tests of faults. It knows which bytes and names a sync has made durable, can fail any
 * call, cut writes short, run out of space, and crash: the state after a crash keeps what is durable and, of the
 * rest, whatever the given chance says.
 */
import { dirname } from 'node:path';
import type { FileStat, OpenMode, PackFs } from './fs.js';

interface Node {
  data: Buffer;
  bytes: number;
  /** Content as of the last sync. */
  durable: Buffer;
}

/** Answers the errno to fail this call with, or undefined. `short` cuts a write to that many bytes. */
export type Fault = (call: FsCall) => { readonly errno?: string; readonly short?: number } | undefined;

export interface FsCall {
  readonly name: keyof PackFs;
  /** Counts all calls from 0. */
  readonly index: number;
  readonly path: string;
}

export class MemoryFs implements PackFs {
  readonly files = new Map<string, Node>();
  /** Names that survive a crash. */
  readonly durableNames = new Map<string, Node>();
  readonly dirs = new Set<string>(['/']);
  calls = 0;
  fault: Fault | undefined;
  /** Called before each call that writes or syncs data; a test holds a sync back with it. */
  hold: ((name: keyof PackFs) => Promise<void>) | undefined;
  syncs = 0;
  /** Microtask turns that a call takes, to interleave what runs at once. */
  turns: () => number = () => 1;
  private readonly open_ = new Map<number, { readonly path: string; readonly node: Node }>();
  private nextFd = 3;

  get openCount(): number {
    return this.open_.size;
  }

  async open(path: string, mode: OpenMode): Promise<number> {
    await this.enter('open', path);
    let node = this.files.get(path);
    if (mode === 'create' && node !== undefined) throw errno('EEXIST', path);
    if (mode === 'read' && node === undefined) throw errno('ENOENT', path);
    if (node === undefined) {
      if (!this.dirs.has(dirname(path))) throw errno('ENOENT', path);
      node = { data: Buffer.alloc(0), bytes: 0, durable: Buffer.alloc(0) };
      this.files.set(path, node);
    }
    this.open_.set(this.nextFd, { path, node });
    return this.nextFd++;
  }

  async close(fd: number): Promise<void> {
    const { path } = this.get(fd);
    this.open_.delete(fd);
    await this.enter('close', path);
  }

  async writev(fd: number, buffers: Buffer[], position: number): Promise<number> {
    const { path, node } = this.get(fd);
    await this.hold?.('writev');
    const fault = await this.enter('writev', path);
    const all = Buffer.concat(buffers);
    const bytes = fault?.short === undefined ? all.length : Math.min(fault.short, all.length);
    const end = position + bytes;
    if (end > node.data.length) {
      const larger = Buffer.alloc(Math.max(end, node.data.length * 2));
      node.data.copy(larger, 0, 0, node.bytes);
      node.data = larger;
    }
    all.copy(node.data, position, 0, bytes);
    node.bytes = Math.max(node.bytes, end);
    return bytes;
  }

  async read(fd: number, buffer: Buffer, position: number): Promise<number> {
    const { path, node } = this.get(fd);
    const fault = await this.enter('read', path);
    const end = Math.min(node.bytes, position + (fault?.short ?? buffer.length), position + buffer.length);
    return end <= position ? 0 : node.data.copy(buffer, 0, position, end);
  }

  async fdatasync(fd: number): Promise<void> {
    const { path, node } = this.get(fd);
    await this.hold?.('fdatasync');
    await this.enter('fdatasync', path);
    this.syncs++;
    node.durable = Buffer.from(node.data.subarray(0, node.bytes));
  }

  async size(fd: number): Promise<number> {
    const { path, node } = this.get(fd);
    await this.enter('size', path);
    return node.bytes;
  }

  async stat(path: string): Promise<FileStat> {
    await this.enter('stat', path);
    const node = this.files.get(path);
    if (node === undefined) throw errno('ENOENT', path);
    return { bytes: node.bytes, modifiedMs: 0 };
  }

  async makeDir(path: string): Promise<void> {
    await this.enter('makeDir', path);
    for (let dir = path; dir !== dirname(dir); dir = dirname(dir)) this.dirs.add(dir);
  }

  async tryMakeDir(path: string): Promise<boolean> {
    await this.enter('tryMakeDir', path);
    if (this.dirs.has(path)) return false;
    this.dirs.add(path);
    return true;
  }

  async syncDir(path: string): Promise<void> {
    await this.enter('syncDir', path);
    for (const name of [...this.durableNames.keys()]) {
      if (dirname(name) === path && !this.files.has(name)) this.durableNames.delete(name);
    }
    for (const [name, node] of this.files) if (dirname(name) === path) this.durableNames.set(name, node);
  }

  async list(path: string): Promise<string[]> {
    await this.enter('list', path);
    const names = [...this.files.keys(), ...this.dirs].filter(
      (name) => dirname(name) === path && name !== path,
    );
    return names.map((name) => name.slice(path.length + 1));
  }

  async unlink(path: string): Promise<void> {
    await this.enter('unlink', path);
    if (!this.files.delete(path)) throw errno('ENOENT', path);
  }

  async link(from: string, to: string): Promise<void> {
    await this.enter('link', from);
    if (this.files.has(to)) throw errno('EEXIST', to);
    this.files.set(to, this.nodeAt(from));
  }

  async rename(from: string, to: string): Promise<void> {
    await this.enter('rename', from);
    this.files.set(to, this.nodeAt(from));
    this.files.delete(from);
  }

  /** Flips nothing, loses what is not durable: `chance()` in [0, 1) decides how much of it stays. */
  crashed(chance: () => number): MemoryFs {
    const after = new MemoryFs();
    for (const dir of this.dirs) after.dirs.add(dir);
    const names = new Map([...this.files].filter(([name]) => this.durableNames.has(name) || chance() < 0.5));
    for (const [name, node] of this.durableNames) names.set(name, node);
    for (const [name, node] of names) {
      const kept = node.durable.length + Math.floor(chance() * (node.bytes - node.durable.length + 1));
      const data = Buffer.from(node.data.subarray(0, Math.max(kept, node.durable.length)));
      // So it is block by block with what was written over and not synced.
      for (let at = 0; at < node.durable.length; at += 512)
        if (chance() < 0.5) node.durable.copy(data, at, at, at + 512);
      // Pages are written in any order: a part of what was not synced may be zeros.
      if (kept > node.durable.length && chance() < 0.3) data.fill(0, node.durable.length, kept - 1);
      const copy = { data, bytes: data.length, durable: data };
      after.files.set(name, copy);
      after.durableNames.set(name, copy);
    }
    return after;
  }

  private nodeAt(path: string): Node {
    const node = this.files.get(path);
    if (node === undefined) throw errno('ENOENT', path);
    return node;
  }

  private get(fd: number): { readonly path: string; readonly node: Node } {
    const file = this.open_.get(fd);
    if (file === undefined) throw errno('EBADF', String(fd));
    return file;
  }

  private async enter(name: keyof PackFs, path: string): Promise<ReturnType<Fault>> {
    for (let left = this.turns(); left > 0; left--) await Promise.resolve();
    const index = this.calls++;
    const fault = this.fault?.({ name, index, path });
    if (fault?.errno !== undefined) throw errno(fault.errno, path);
    return fault;
  }
}

function errno(code: string, path: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}
