/**
 * The file-system calls that packs make, and nothing else: so that tests can fail each of them.
 * Numeric descriptors and callback calls, because FileHandle costs a third to a half of the read rate.
 */
import * as fs from 'node:fs';
import { dirname } from 'node:path';

/** `create` is O_CREAT|O_EXCL for writing, `append` is O_APPEND|O_CREAT. */
export type OpenMode = 'read' | 'create' | 'append';

export interface FileStat {
  readonly bytes: number;
  readonly modifiedMs: number;
}

/** Every method fails with a Node system error (`code` is the errno). */
export interface PackFs {
  open(path: string, mode: OpenMode): Promise<number>;
  close(fd: number): Promise<void>;
  /** Writes at `position`; answers the bytes written, which may be fewer than given. */
  writev(fd: number, buffers: Buffer[], position: number): Promise<number>;
  /** Reads into the buffer; answers the bytes read, 0 at the end of the file. */
  read(fd: number, buffer: Buffer, position: number): Promise<number>;
  fdatasync(fd: number): Promise<void>;
  size(fd: number): Promise<number>;
  stat(path: string): Promise<FileStat>;
  /** Makes the directory with its parents; the new entries are synced. */
  makeDir(path: string): Promise<void>;
  /** Makes one directory; false when it was there. */
  tryMakeDir(path: string): Promise<boolean>;
  syncDir(path: string): Promise<void>;
  list(path: string): Promise<string[]>;
  unlink(path: string): Promise<void>;
  /** Fails with EEXIST when `to` is there: the atomic "I was first". */
  link(from: string, to: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
}

function call<T>(start: (done: (error: NodeJS.ErrnoException | null, value: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, value) => (error === null ? resolve(value) : reject(error)));
  });
}

async function withDir(path: string, use: (fd: number) => Promise<void>): Promise<void> {
  const fd = await call<number>((done) => fs.open(path, 'r', done));
  try {
    await use(fd);
  } finally {
    await call<void>((done) => fs.close(fd, (error) => done(error ?? null)));
  }
}

const OPEN_FLAGS: Readonly<Record<OpenMode, string>> = { read: 'r', create: 'wx', append: 'a' };
/** Mail is private: neither group nor others read packs. */
const FILE_MODE = 0o600;
const DIR_MODE = 0o700;

export const nodeFs: PackFs = {
  open: (path, mode) => call((done) => fs.open(path, OPEN_FLAGS[mode], FILE_MODE, done)),
  close: (fd) => call((done) => fs.close(fd, (error) => done(error ?? null))),
  writev: (fd, buffers, position) => call((done) => fs.writev(fd, buffers, position, done)),
  read: (fd, buffer, position) => call((done) => fs.read(fd, buffer, 0, buffer.length, position, done)),
  fdatasync: (fd) => call((done) => fs.fdatasync(fd, done)),
  size: (fd) => call<fs.Stats>((done) => fs.fstat(fd, done)).then((stats) => stats.size),
  stat: async (path) => {
    const stats = await call<fs.Stats>((done) => fs.stat(path, done));
    return { bytes: stats.size, modifiedMs: stats.mtimeMs };
  },
  makeDir: async (path) => {
    const first = await fs.promises.mkdir(path, { recursive: true, mode: DIR_MODE });
    if (first === undefined) return;
    for (let dir = dirname(path); dir.length >= dirname(first).length; dir = dirname(dir)) {
      await nodeFs.syncDir(dir);
      if (dir === dirname(dir)) break;
    }
  },
  tryMakeDir: async (path) => {
    try {
      await fs.promises.mkdir(path, { mode: DIR_MODE });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    }
  },
  syncDir: (path) => withDir(path, (fd) => call((done) => fs.fsync(fd, done))),
  list: (path) => fs.promises.readdir(path),
  unlink: (path) => fs.promises.unlink(path),
  link: (from, to) => fs.promises.link(from, to),
  rename: (from, to) => fs.promises.rename(from, to),
};

/** The whole of a small file. */
export async function readSmallFile(packFs: PackFs, path: string): Promise<Buffer> {
  const fd = await packFs.open(path, 'read');
  try {
    const buffer = Buffer.alloc(await packFs.size(fd));
    return buffer.subarray(0, await readFully(packFs, fd, buffer, 0));
  } finally {
    await packFs.close(fd);
  }
}

/** Fills the buffer from `position`; answers the bytes read, fewer only at the end of the file. */
export async function readFully(
  packFs: PackFs,
  fd: number,
  buffer: Buffer,
  position: number,
): Promise<number> {
  let filled = 0;
  while (filled < buffer.length) {
    const count = await packFs.read(fd, filled === 0 ? buffer : buffer.subarray(filled), position + filled);
    if (count === 0) break;
    filled += count;
  }
  return filled;
}

/** IOV_MAX is 1024 on Linux; half of it leaves room and measures the same. */
export const MAX_IOV = 512;

/** Writes all buffers at `position`, going on after short writes; answers the bytes written. */
export async function writeFully(
  packFs: PackFs,
  fd: number,
  buffers: readonly Buffer[],
  position: number,
): Promise<number> {
  let written = 0;
  let rest: Buffer[] = [];
  for (let next = 0; next < buffers.length || rest.length > 0; ) {
    while (rest.length < MAX_IOV && next < buffers.length) rest.push(buffers[next++]!);
    const count = await packFs.writev(fd, rest, position + written);
    written += count;
    const before = rest.length;
    rest = dropBytes(rest, count);
    if (count === 0 && rest.length === before) throw new Error('write made no progress');
  }
  return written;
}

/** The buffers without their first `count` bytes. */
function dropBytes(buffers: Buffer[], count: number): Buffer[] {
  let index = 0;
  while (index < buffers.length && count >= buffers[index]!.length) count -= buffers[index++]!.length;
  const rest = buffers.slice(index);
  if (count > 0) rest[0] = rest[0]!.subarray(count);
  return rest;
}

/** Writes a small file so that it is either wholly there or not at all, and synced. */
export async function writeSmallFile(packFs: PackFs, path: string, data: Buffer, tmp: string): Promise<void> {
  await writeNewFile(packFs, tmp, data);
  await packFs.rename(tmp, path);
  await packFs.syncDir(dirname(path));
}

/** Creates a file with this content and syncs it; the directory entry is the caller's. */
export async function writeNewFile(packFs: PackFs, path: string, data: Buffer): Promise<void> {
  const fd = await packFs.open(path, 'create');
  try {
    await writeFully(packFs, fd, [data], 0);
    await packFs.fdatasync(fd);
  } finally {
    await packFs.close(fd);
  }
}
