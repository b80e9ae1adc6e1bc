/** Compiled scripts by the hash of their octets: the most recently used ones. */
import { createHash } from 'node:crypto';
import { type Compilation, compileScript } from '../compiler/compiler.js';
import type { Language } from '../compiler/language.js';

export class Programs {
  private readonly byHash = new Map<string, Compilation>();

  constructor(
    readonly language: Language,
    private readonly size: number,
  ) {}

  /** Undefined: not in memory; compile the octets. */
  find(hash: string): Compilation | undefined {
    const found = this.byHash.get(hash);
    if (found === undefined) return undefined;
    this.byHash.delete(hash);
    this.byHash.set(hash, found);
    return found;
  }

  compile(octets: Uint8Array): Compilation {
    const hash = hashOf(octets);
    const found = this.find(hash);
    if (found !== undefined) return found;
    const compilation = compileScript(octets, this.language);
    this.byHash.set(hash, compilation);
    if (this.byHash.size > this.size) this.byHash.delete(this.byHash.keys().next().value!);
    return compilation;
  }
}

export function hashOf(octets: Uint8Array): string {
  return createHash('sha256').update(octets).digest('base64url');
}
