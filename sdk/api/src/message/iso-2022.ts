import iconv from 'iconv-lite';

/**
 * The 7-bit charsets that switch by escape sequences: ISO-2022-JP and its extensions (RFC 1468, RFC 2237,
 * RFC 1554), ISO-2022-KR (RFC 1557), ISO-2022-CN (RFC 1922, its GB 2312 part), HZ (RFC 1843). Runs between
 * escapes are decoded as the EUC form of their set. Unknown escapes are dropped.
 */
export function decodeIso2022(bytes: Buffer, canonicalName: string): string | undefined {
  if (canonicalName === 'hzgb2312' || canonicalName === 'hz') return decodeHz(bytes);
  if (!NAMES.has(canonicalName)) return undefined;
  return new Iso2022(bytes.toString('latin1')).decode();
}

const NAMES: ReadonlySet<string> = new Set([
  'iso2022jp',
  'iso2022jp1',
  'iso2022jp2',
  'iso2022jp3',
  'iso2022jp2004',
  'csiso2022jp',
  'cp50220',
  'cp50221',
  'iso2022kr',
  'csiso2022kr',
  'iso2022cn',
  'iso2022cnext',
]);

type Run = 'ascii' | 'katakana' | 'jis0208' | 'jis0212' | 'gb2312' | 'ksc5601' | 'unknown';

/** Designations of G0 and of G1 (used between SO and SI). */
const G0: Readonly<Record<string, Run>> = {
  '(B': 'ascii',
  '(J': 'ascii',
  '(H': 'ascii',
  '(I': 'katakana',
  '$@': 'jis0208',
  $B: 'jis0208',
  '$(@': 'jis0208',
  '$(B': 'jis0208',
  '$(Q': 'jis0208',
  '$(D': 'jis0212',
  $A: 'gb2312',
  '$(A': 'gb2312',
  '$(C': 'ksc5601',
};
const G1: Readonly<Record<string, Run>> = {
  '$)C': 'ksc5601',
  '$)A': 'gb2312',
  '$)G': 'unknown',
  ')I': 'katakana',
};

class Iso2022 {
  private g0: Run = 'ascii';
  private g1: Run = 'ksc5601';
  private shifted = false;
  private out = '';

  constructor(private readonly text: string) {}

  decode(): string {
    const { text } = this;
    let from = 0;
    for (let pos = 0; pos < text.length; ) {
      const c = text.charCodeAt(pos);
      if (c !== 0x1b && c !== 0x0e && c !== 0x0f && c !== 0x0a) {
        pos++;
        continue;
      }
      this.run(text.slice(from, pos));
      from = pos;
      if (c === 0x1b) pos = from = this.escape(pos);
      else if (c === 0x0a) {
        // Every line starts in ASCII; mail that forgets to say so exists.
        this.g0 = 'ascii';
        this.shifted = false;
        pos++;
      } else {
        this.shifted = c === 0x0e;
        pos = from = pos + 1;
      }
    }
    this.run(text.slice(from));
    return this.out;
  }

  private escape(pos: number): number {
    for (let length = 3; length >= 2; length--) {
      const sequence = this.text.slice(pos + 1, pos + 1 + length);
      const g0 = G0[sequence];
      const g1 = G1[sequence];
      if (g0 !== undefined) this.g0 = g0;
      else if (g1 !== undefined) this.g1 = g1;
      else continue;
      return pos + 1 + length;
    }
    return pos + 1;
  }

  private run(text: string): void {
    if (text === '') return;
    const set = this.shifted ? this.g1 : this.g0;
    this.out += set === 'ascii' ? text : decodeRun(text, set);
  }
}

const EUC: Readonly<Record<Exclude<Run, 'ascii' | 'unknown'>, string>> = {
  katakana: 'shift_jis',
  jis0208: 'euc-jp',
  jis0212: 'euc-jp',
  gb2312: 'gbk',
  ksc5601: 'euc-kr',
};

function decodeRun(text: string, set: Run): string {
  if (set === 'unknown' || set === 'ascii') return '\ufffd'.repeat(Math.ceil(text.length / 2));
  const high = Buffer.from(text, 'latin1');
  for (let i = 0; i < high.length; i++) if ((high[i] as number) > 32) high[i] = (high[i] as number) | 0x80;
  if (set !== 'jis0212') return iconv.decode(high, EUC[set]);
  const triples = Buffer.alloc(high.length + Math.ceil(high.length / 2));
  let length = 0;
  for (let i = 0; i < high.length; i++) {
    if (i % 2 === 0) triples[length++] = 0x8f;
    triples[length++] = high[i] as number;
  }
  return iconv.decode(triples.subarray(0, length), 'euc-jp');
}

/** RFC 1843: `~{` and `~}` switch, `~~` is a tilde, a tilde at the end of a line joins lines. */
function decodeHz(bytes: Buffer): string {
  return bytes
    .toString('latin1')
    .replace(/~\{([^~]*)(?:~\}|$)|~~|~\r?\n/g, (all: string, run: string | undefined) => {
      if (run !== undefined) return decodeRun(run, 'gb2312');
      return all === '~~' ? '~' : '';
    });
}
