/** Compiled scripts by the hash of their octets: the most recently used ones. */
import { createHash } from 'node:crypto';
import { type Compilation, compileScript } from '../compiler/compiler.js';
import type { Language } from '../compiler/language.js';

/** Octets of the scripts in memory; what they are compiled to is some ten times that. */
const MAX_OCTETS = 8 * 1024 * 1024;

interface Kept {
  readonly compilation: Compilation;
  readonly octets: number;
}

export class Programs {
  private readonly byHash = new Map<string, Kept>();
  private octets = 0;

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
    return found.compilation;
  }

  compile(octets: Uint8Array): Compilation {
    const hash = hashOf(octets);
    const found = this.find(hash);
    if (found !== undefined) return found;
    const compilation = compileScript(octets, this.language);
    this.byHash.set(hash, { compilation, octets: octets.length });
    this.octets += octets.length;
    this.forget();
    return compilation;
  }

  /** The ones that were not used for longest. */
  private forget(): void {
    for (const [hash, { octets }] of this.byHash) {
      if (this.byHash.size <= this.size && this.octets <= MAX_OCTETS) return;
      this.byHash.delete(hash);
      this.octets -= octets;
    }
  }
}

export function hashOf(octets: Uint8Array): string {
  return createHash('sha256').update(octets).digest('base64url');
}
