/**
 * Pack files: append-only, group-committed, addressed by SHA-256. Plain files, no database.
 *
 * A partition's pack folder is shared by all processes: `<packs>/<series>/<number>.pack`. Every writer owns one
 * series and creates each pack with O_EXCL; a pack is never reopened for writing. Anybody reads any pack.
 * Order for an append: `await writer.append(...)` (durable), COMMIT the rows, then `writer.journal(...)` (no sync).
 * PackWriter (store thread) and PackReader (main thread) share nothing but the files.
 */
export { Arrivals, type ReadGroup } from './arrivals.js';
export { keyName, type PackCodec, type PackKey, packKey, plainCodec } from './codec.js';
export * from './compact.js';
export * from './errors.js';
export type { PackFs } from './fs.js';
export * from './journal.js';
export type { PackIncident } from './lane.js';
export { packPath } from './names.js';
export * from './reader.js';
export * from './scan.js';
export { listPacks, type SealOptions, sealDeadPacks } from './seal.js';
export { SPAN_BYTES } from './spans.js';
export * from './spool.js';
export * from './types.js';
export * from './writer.js';
