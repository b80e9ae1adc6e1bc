import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

const KEY_BYTES = 32;

/**
 * A secret key of the data folder, the same for all its processes and restarts: 32 octets in `keys/NAME.key`, readable
 * by the server alone, made by whoever asks first. Synchronous, for `start()`.
 * @param name kebab-case. @throws Error when the file cannot be made or is no key.
 */
export function folderKey(dataDir: string, name: string): Buffer {
  const folder = join(dataDir, 'keys');
  const file = join(folder, `${name}.key`);
  return read(file) ?? make(folder, file);
}

function read(file: string): Buffer | undefined {
  try {
    const key = readFileSync(file);
    if (key.length === KEY_BYTES) return key;
    throw new Error(`${file} is no key of ${KEY_BYTES} octets`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Written aside and linked into place, so that of several processes one wins and nobody reads half a key. */
function make(folder: string, file: string): Buffer {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const temporary = `${file}.${process.pid}.${randomBytes(6).toString('hex')}`;
  const descriptor = openSync(temporary, 'wx', 0o600);
  try {
    writeSync(descriptor, randomBytes(KEY_BYTES));
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  try {
    linkSync(temporary, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    unlinkSync(temporary);
  }
  const key = read(file);
  if (key === undefined) throw new Error(`${file} has gone as soon as it was made`);
  return key;
}
