/** Strings with `${…}` in them: encoded characters (RFC 5228 §2.4.2.4) are text at once, variables (RFC 5229 §3) in the run. */
import type { StringArgument } from '../language/ast.js';
import { SieveError } from '../language/problem.js';

/** Text, and between the texts names of variables, lower case; numbers are match variables. */
export type Template = readonly (string | { readonly variable: string })[];

export interface TemplateOptions {
  readonly hasVariables: boolean;
  readonly hasEncodedCharacters: boolean;
}

const REFERENCE = /\$\{((?:[A-Za-z_][A-Za-z0-9_]*\.)*)([A-Za-z_][A-Za-z0-9_]*|[0-9]+)\}/g;
const HEX = /\$\{hex:([ \t\r\n]*(?:[0-9a-f]{1,2}[ \t\r\n]+)*[0-9a-f]{1,2}[ \t\r\n]*)\}/gi;
const UNICODE = /\$\{unicode:([ \t\r\n]*(?:[0-9a-f]+[ \t\r\n]+)*[0-9a-f]+[ \t\r\n]*)\}/gi;

/** @throws SieveError for characters that are none, and namespaces nobody knows. */
export function compileTemplate(argument: StringArgument, options: TemplateOptions): Template {
  const text = options.hasEncodedCharacters ? decodeCharacters(argument) : argument.value;
  if (!options.hasVariables || !text.includes('${')) return [text];
  const parts: (string | { variable: string })[] = [];
  let from = 0;
  for (const match of text.matchAll(REFERENCE)) {
    const [whole, namespace = '', name = ''] = match;
    const full = `${namespace}${name}`.toLowerCase();
    if (namespace !== '' && !/^global\.[a-z_]/.test(full))
      throw new SieveError(`there is no namespace for \${${full}}`, argument.at);
    if (/^[0-9]/.test(name) && Number(name) > 99)
      throw new SieveError('there are match variables 0 to 99', argument.at);
    if (match.index > from) parts.push(text.slice(from, match.index));
    parts.push({ variable: /^[0-9]/.test(full) ? String(Number(full)) : full });
    from = match.index + whole.length;
  }
  if (from < text.length) parts.push(text.slice(from));
  return parts;
}

export function isConstant(template: Template): boolean {
  return template.every((part) => typeof part === 'string');
}

export function constantTemplate(template: Template): string {
  return template.join('');
}

function decodeCharacters({ value, at }: StringArgument): string {
  if (!value.includes('${')) return value;
  return value
    .replace(/(?:\$\{hex:[^}$]*\})+/gi, (run) => decodeHexRun(run))
    .replace(UNICODE, (_whole, codes: string) =>
      codes
        .trim()
        .split(/[ \t\r\n]+/)
        .map((code) => {
          const point = Number.parseInt(code, 16);
          if (!(point <= 0x10ffff) || (point >= 0xd800 && point <= 0xdfff))
            throw new SieveError(`${code} is no Unicode character`, at);
          return String.fromCodePoint(point);
        })
        .join(''),
    );
}

/** Neighbours go together: their octets may be one character. */
function decodeHexRun(run: string): string {
  let octets: number[] = [];
  let text = '';
  let from = 0;
  for (const match of run.matchAll(HEX)) {
    if (match.index > from) {
      text += Buffer.from(octets).toString('utf8') + run.slice(from, match.index);
      octets = [];
    }
    for (const code of (match[1] ?? '').trim().split(/[ \t\r\n]+/)) octets.push(Number.parseInt(code, 16));
    from = match.index + match[0].length;
  }
  return text + Buffer.from(octets).toString('utf8') + run.slice(from);
}
