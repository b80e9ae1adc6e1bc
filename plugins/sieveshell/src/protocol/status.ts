import type { Token } from './response-reader.js';

/** The end of a command's answer (RFC 5804 §1.2). */
export interface Status {
  readonly kind: 'OK' | 'NO' | 'BYE';
  /** In upper case: `QUOTA/MAXSIZE`. */
  readonly code: string | undefined;
  /** The string behind the code's name: of SASL, TAG, REFERRAL. */
  readonly argument: string | undefined;
  readonly text: string;
}

/** Undefined: data. */
export function parseStatus(tokens: readonly Token[]): Status | undefined {
  const [first, ...rest] = tokens;
  if (first?.is !== 'atom') return undefined;
  const kind = first.text.toUpperCase();
  if (kind !== 'OK' && kind !== 'NO' && kind !== 'BYE') return undefined;
  const close = rest[0]?.is === 'open' ? rest.findLastIndex(({ is }) => is === 'close') : -1;
  const code = rest.slice(1, Math.max(close, 1));
  return {
    kind,
    code: code[0] === undefined ? undefined : textOf(code[0]).toUpperCase(),
    argument: code[1] === undefined ? undefined : textOf(code[1]),
    text: rest
      .slice(close + 1)
      .map(textOf)
      .join(' '),
  };
}

export function textOf(token: Token): string {
  if (token.is === 'atom') return token.text;
  return token.is === 'string' ? token.octets.toString('utf8') : '';
}
