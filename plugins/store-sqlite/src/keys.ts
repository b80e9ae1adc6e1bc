/** Keys of encrypted partitions, out of files or the environment. */
import { readFileSync } from 'node:fs';
import type { PartitionPlace } from './config.js';
import { StoreFolderError } from './errors.js';
import { type PackCodec, type PackKey, packKey, plainCodec } from './packs/index.js';

const ENVIRONMENT = 'env:';

/** @throws StoreFolderError when a key is absent or malformed */
export function codecOf({ name, isCompressed, isEncrypted, keys: sources }: PartitionPlace): PackCodec {
  if (!isCompressed && sources.length === 0) return plainCodec;
  const keys = sources.map((source) => readKey(name, source));
  return { isCompressed, keys, writeKey: isEncrypted ? keys[0]?.id : undefined };
}

function readKey(partition: string, source: string): PackKey {
  const text = source.startsWith(ENVIRONMENT)
    ? process.env[source.slice(ENVIRONMENT.length)]
    : readKeyFile(partition, source);
  if (text === undefined) throw refused(partition, source, 'is not set');
  const bytes = decodeKey(text.trim());
  if (bytes === undefined)
    throw refused(partition, source, 'is not 32 octets as 64 hexadecimal digits or as base64');
  return packKey(bytes);
}

function readKeyFile(partition: string, path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw refused(partition, path, `cannot be read (${code})`);
  }
}

function decodeKey(text: string): Buffer | undefined {
  if (/^[0-9a-fA-F]{64}$/.test(text)) return Buffer.from(text, 'hex');
  if (/^[A-Za-z0-9+/]{43}=$/.test(text)) return Buffer.from(text, 'base64');
  return undefined;
}

function refused(partition: string, source: string, what: string): StoreFolderError {
  return new StoreFolderError(`partition "${partition}": the key ${source} ${what}`);
}
