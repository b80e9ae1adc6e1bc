import { Flag, Right, type Rights, type SnapshotChunk, systemFlagNames } from '@angarium/sdk';

/** Mailboxes show a handful of combinations; one with more is hostile, and the cache starts anew. */
const MAX_CACHED = 1024;

const RECENT = 32;

/** `(\Answered \Seen kw)` of a message, made once for each distinct combination of bits. */
export class FlagsText {
  /** By system bits and \Recent: messages without keywords. */
  private readonly plain: (string | undefined)[] = new Array(64).fill(undefined);
  /** Only keywords 0-31: word × 64 + system bits. */
  private readonly few = new Map<number, string>();
  private readonly many = new Map<string, string>();

  constructor(readonly keywordNames: readonly string[]) {}

  /** With the parentheses. */
  of(chunk: SnapshotChunk, at: number, isRecent: boolean): string {
    const bits = (chunk.flags[at]! & 31) | (isRecent ? RECENT : 0);
    const { keywords } = chunk;
    const k = at << 2;
    const word = keywords[k]!;
    if ((keywords[k + 1]! | keywords[k + 2]! | keywords[k + 3]!) !== 0) return this.ofMany(bits, keywords, k);
    if (word === 0) return (this.plain[bits] ??= this.make(bits, keywords, k));
    const key = word * 64 + bits;
    let text = this.few.get(key);
    if (text === undefined) {
      if (this.few.size >= MAX_CACHED) this.few.clear();
      this.few.set(key, (text = this.make(bits, keywords, k)));
    }
    return text;
  }

  private ofMany(bits: number, keywords: Uint32Array, k: number): string {
    const key = `${bits},${keywords[k]},${keywords[k + 1]},${keywords[k + 2]},${keywords[k + 3]}`;
    let text = this.many.get(key);
    if (text === undefined) {
      if (this.many.size >= MAX_CACHED) this.many.clear();
      this.many.set(key, (text = this.make(bits, keywords, k)));
    }
    return text;
  }

  private make(bits: number, keywords: Uint32Array, k: number): string {
    const names: string[] = [];
    for (const [bit, name] of systemFlagNames) if (bits & bit) names.push(name);
    if (bits & RECENT) names.push('\\Recent');
    for (let bit = 0; bit < this.keywordNames.length; bit++) {
      const name = this.keywordNames[bit]!;
      if (name !== '' && keywords[k + (bit >> 5)]! & (1 << (bit & 31))) names.push(name);
    }
    return `(${names.join(' ')})`;
  }
}

/** `FLAGS (\Answered …)`: without `* ` (RFC 3501 §7.2.6). */
export function flagsLine(keywordNames: readonly string[]): string {
  const names = systemFlagNames.map(([, name]) => name);
  return `FLAGS (${[...names, ...keywordNames.filter((name) => name !== '')].join(' ')})`;
}

/** What these rights may change (RFC 4314 §4): `Flag` bits, and whether keywords. */
export function touchableFlags(rights: Rights): { readonly system: number; readonly keywords: boolean } {
  const canWrite = (rights & Right.write) !== 0;
  return {
    system:
      (rights & Right.seen ? Flag.seen : 0) |
      (rights & Right.deleteMessages ? Flag.deleted : 0) |
      (canWrite ? Flag.answered | Flag.flagged | Flag.draft : 0),
    keywords: canWrite,
  };
}

/** `PERMANENTFLAGS (\Answered … \*)`: what these rights may change; `()` when read-only (RFC 3501 §7.1, RFC 4314 §5.1.1). */
export function permanentFlags(keywordNames: readonly string[], rights: Rights, isReadOnly: boolean): string {
  const touchable = touchableFlags(isReadOnly ? 0 : rights);
  const names: string[] = [];
  for (const [bit, name] of systemFlagNames) if (touchable.system & bit) names.push(name);
  if (touchable.keywords) names.push(...keywordNames.filter((name) => name !== ''), '\\*');
  return `PERMANENTFLAGS (${names.join(' ')})`;
}
