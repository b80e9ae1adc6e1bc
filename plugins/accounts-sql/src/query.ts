/** Queries of the manifest: `:name` becomes a parameter of the database's own kind. */

export type Parameters = Readonly<Record<string, string>>;
export type Row = Readonly<Record<string, unknown>>;

/** A database, as far as it is asked here. */
export interface Database extends AsyncDisposable {
  /** @throws Error when it cannot be asked, or the query is wrong. */
  rows(query: Query, parameters: Parameters): Promise<readonly Row[]>;
}

export interface Query {
  /** With `$1`, `$2`, … in place of names. */
  readonly text: string;
  /** What is `$1`, `$2`, … */
  readonly names: readonly string[];
}

/** Strings, quoted names, comments, casts and dollar-quoted text hold no parameters. */
const piece =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\/|\$(\w*)\$[\s\S]*?\$\1\$|::|:([a-z]+)\b/gi;

/** @throws Error for a parameter that is not one of `known`. */
export function parseQuery(text: string, known: readonly string[]): Query {
  const names: string[] = [];
  const numbered = text.replace(piece, (whole, _tag: string | undefined, name: string | undefined) => {
    if (name === undefined) return whole;
    if (!known.includes(name))
      throw new Error(
        `the query has :${name}; there are ${known.map((one) => `:${one}`).join(', ')}: ${text}`,
      );
    const at = names.indexOf(name);
    return `$${at < 0 ? names.push(name) : at + 1}`;
  });
  return { text: numbered, names };
}

export function valuesOf({ names }: Query, parameters: Parameters): string[] {
  return names.map((name) => parameters[name] ?? '');
}

/** The first column, as text; undefined for NULL. */
export function firstColumn(row: Row): string | undefined {
  const [value] = Object.values(row);
  return textOf(value);
}

export function textOf(value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined;
  return Buffer.isBuffer(value) ? value.toString('utf8') : String(value);
}

/** As databases without a boolean write it, too. */
export function isTrue(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  return /^(1|t|true|y|yes)$/i.test(textOf(value) ?? '');
}
