/** The secret that header check sums of a series begin with: in `series.json`, and a copy in each pack's header. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { SALT_BYTES } from './format.js';
import { type PackFs, readSmallFile, writeSmallFile } from './fs.js';

const FILE_NAME = 'series.json';

/** The salt of the series in `dir`, or undefined when its file is absent or unreadable. */
export async function readSeriesSalt(fs: PackFs, dir: string): Promise<Buffer | undefined> {
  try {
    const value: unknown = JSON.parse((await readSmallFile(fs, join(dir, FILE_NAME))).toString('utf8'));
    if (typeof value !== 'object' || value === null || !('salt' in value)) return undefined;
    const salt = Buffer.from(String(value.salt), 'hex');
    return salt.length === SALT_BYTES ? salt : undefined;
  } catch {
    return undefined;
  }
}

/** The salt of the series in `dir`, made and synced when there is none. Only the owner of the series may call it. */
export async function ensureSeriesSalt(fs: PackFs, dir: string): Promise<Buffer> {
  const known = await readSeriesSalt(fs, dir);
  if (known !== undefined) return known;
  const salt = randomBytes(SALT_BYTES);
  const text = `${JSON.stringify({ format: 1, salt: salt.toString('hex') })}\n`;
  const tmp = join(dir, `series.${randomBytes(6).toString('hex')}.tmp`);
  await writeSmallFile(fs, join(dir, FILE_NAME), Buffer.from(text), tmp);
  return salt;
}
