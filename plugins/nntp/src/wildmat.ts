/**
 * Wildmats (RFC 3977 §4): patterns joined by commas, `!` in front of those that exclude; the rightmost that matches
 * decides. `*` is any run of characters, `?` one.
 *
 * Matching is iterative and remembers only the last `*`: pattern × text at worst, whatever a client sends.
 */

/** One pattern. Characters are whole code points. */
export class Pattern {
  private readonly symbols: readonly string[];

  constructor(text: string) {
    // Stars in a row are one.
    this.symbols = [...text.replace(/\*{2,}/g, '*')];
  }

  /** Everything? */
  get isAll(): boolean {
    return this.symbols.length === 1 && this.symbols[0] === '*';
  }

  matches(text: string): boolean {
    const { symbols } = this;
    const characters = isPlain(text) ? text : [...text];
    let s = 0;
    let t = 0;
    let star = -1;
    let resume = 0;
    while (t < characters.length) {
      const symbol = symbols[s];
      if (symbol === '*') {
        star = s++;
        resume = t;
      } else if (symbol !== undefined && (symbol === '?' || symbol === characters[t])) {
        s++;
        t++;
      } else if (star >= 0) {
        s = star + 1;
        t = ++resume;
      } else return false;
    }
    while (symbols[s] === '*') s++;
    return s === symbols.length;
  }
}

/** No surrogate pairs: an index is a character. */
function isPlain(text: string): boolean {
  return !/[\ud800-\udfff]/.test(text);
}

interface Rule {
  readonly pattern: Pattern;
  readonly isIncluded: boolean;
}

export class Wildmat {
  /** Rightmost first. */
  private readonly rules: readonly Rule[];

  private constructor(rules: readonly Rule[]) {
    this.rules = rules;
  }

  /** Undefined for what is no wildmat: an empty pattern, blanks, or `[`, `]` and `\` (RFC 3977 §4.1). */
  static parse(text: string): Wildmat | undefined {
    if (text.length === 0 || /[\s\\[\]\x00-\x1f\x7f]/.test(text)) return undefined;
    const rules: Rule[] = [];
    for (const part of text.split(',')) {
      const isIncluded = !part.startsWith('!');
      const pattern = isIncluded ? part : part.slice(1);
      if (pattern === '' || pattern.includes('!')) return undefined;
      rules.unshift({ pattern: new Pattern(pattern), isIncluded });
    }
    return new Wildmat(rules);
  }

  /** For settings. @throws Error */
  static from(text: string): Wildmat {
    const wildmat = Wildmat.parse(text);
    if (wildmat === undefined) throw new Error(`"${text}" is no wildmat`);
    return wildmat;
  }

  matches(text: string): boolean {
    for (const { pattern, isIncluded } of this.rules) {
      if (pattern.isAll || pattern.matches(text)) return isIncluded;
    }
    return false;
  }
}
