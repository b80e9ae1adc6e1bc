/** Pack numbers and paths: `<packs>/<series, 4 digits>/<number, 6 digits>.pack`; more digits when needed. */
import { join } from 'node:path';
import type { PackId } from './types.js';

const NUMBERS_PER_SERIES = 2 ** 24;
const MAX_SERIES = 2 ** 29;

export function packId(series: number, number: number): PackId {
  if (!(series >= 0 && series < MAX_SERIES && number > 0 && number < NUMBERS_PER_SERIES)) {
    throw new RangeError(`no pack id for series ${series}, number ${number}`);
  }
  return series * NUMBERS_PER_SERIES + number;
}

export function splitPackId(id: PackId): { series: number; number: number } {
  return { series: Math.floor(id / NUMBERS_PER_SERIES), number: id % NUMBERS_PER_SERIES };
}

export function seriesDir(packsDir: string, series: number): string {
  return join(packsDir, String(series).padStart(4, '0'));
}

export function packPath(packsDir: string, id: PackId): string {
  const { series, number } = splitPackId(id);
  return join(seriesDir(packsDir, series), `${String(number).padStart(6, '0')}.pack`);
}

/** The series that a folder's name stands for, or undefined. */
export function tryParseSeries(name: string): number | undefined {
  return /^\d{4,9}$/.test(name) ? Number(name) : undefined;
}

/** The number that a pack file's name stands for, or undefined. */
export function tryParsePackName(name: string): number | undefined {
  const match = /^(\d{6,8})\.pack$/.exec(name);
  return match === null ? undefined : Number(match[1]);
}
