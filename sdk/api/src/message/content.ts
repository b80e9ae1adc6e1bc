import type { HeaderBlock } from './headers.js';
import { Lexer } from './lexer.js';
import type { Disposition, Parameter } from './types.js';

/** The Content- fields of an entity, RFC 2045 §3. The first of duplicated fields counts. */
export interface ContentFields {
  type: string;
  subtype: string;
  parameters: readonly Parameter[];
  id: string | undefined;
  description: string | undefined;
  encoding: string;
  md5: string | undefined;
  disposition: Disposition | undefined;
  language: readonly string[];
  location: string | undefined;
}

/** More parameters than this in one field are dropped: nobody reads them, and each costs memory. */
const MAX_PARAMETERS = 500;
/** More languages than this in one field are dropped. */
const MAX_LANGUAGES = 100;

const NOTHING: readonly Parameter[] = [];
const NO_LANGUAGE: readonly string[] = [];

/** `digest`: a part of multipart/digest, whose default type is message/rfc822 (RFC 2046 §5.1.5). */
export function contentFields(block: HeaderBlock | undefined, digest: boolean): ContentFields {
  const fields: ContentFields = {
    type: digest ? 'message' : 'text',
    subtype: digest ? 'rfc822' : 'plain',
    parameters: NOTHING,
    id: undefined,
    description: undefined,
    encoding: '7bit',
    md5: undefined,
    disposition: undefined,
    language: NO_LANGUAGE,
    location: undefined,
  };
  if (block === undefined) return fields;
  const { text, starts } = block;
  let seen = 0;
  for (let i = 0; i < starts.length; i++) {
    const start = starts[i] ?? 0;
    // Cheap refusal of what cannot be Content-...: most fields go no further.
    if ((text.charCodeAt(start) | 32) !== 99 || text.charCodeAt(start + 7) !== 45) continue;
    seen = contentField(fields, block, i, seen);
  }
  return fields;
}

function contentField(fields: ContentFields, block: HeaderBlock, index: number, seen: number): number {
  const bit = BITS[block.name(index)] ?? 0;
  if (bit === 0 || (seen & bit) !== 0) return seen;
  const value = block.value(index);
  if (bit === 1) contentType(fields, value);
  else if (bit === 2) fields.encoding = token(value) ?? '7bit';
  else if (bit === 4) fields.disposition = contentDisposition(value);
  else if (bit === 8) fields.id = value;
  else if (bit === 16) fields.description = value;
  else if (bit === 32) fields.md5 = value;
  else if (bit === 64) fields.language = languages(value);
  else fields.location = location(value);
  return seen | bit;
}

const BITS: Readonly<Record<string, number>> = {
  __proto__: null as never,
  'content-type': 1,
  'content-transfer-encoding': 2,
  'content-disposition': 4,
  'content-id': 8,
  'content-description': 16,
  'content-md5': 32,
  'content-language': 64,
  'content-location': 128,
};

/**
 * RFC 2045 §5.1. An unreadable type is text/plain (§5.2), its parameters are dropped; 'text' alone, as
 * RFC 1049 had it, keeps them.
 */
function contentType(fields: ContentFields, value: string): void {
  const lexer = new Lexer(value);
  const type = lexer.token().toLowerCase();
  lexer.blanks();
  const subtype = lexer.take(47) ? lexer.token().toLowerCase() : '';
  if (type === '' || subtype === '') {
    fields.type = 'text';
    fields.subtype = 'plain';
    if (type === 'text') fields.parameters = parameters(lexer);
    return;
  }
  fields.type = type;
  fields.subtype = subtype;
  fields.parameters = parameters(lexer);
}

/** RFC 2183 §2. Without a type it is not there. */
function contentDisposition(value: string): Disposition | undefined {
  const lexer = new Lexer(value);
  const type = lexer.token().toLowerCase();
  return type === '' ? undefined : { type, parameters: parameters(lexer) };
}

function token(value: string): string | undefined {
  const text = new Lexer(value).token();
  return text === '' ? undefined : text.toLowerCase();
}

/** RFC 3282 §2, tags separated by commas; comments dropped. */
function languages(value: string): readonly string[] {
  const lexer = new Lexer(value);
  const tags: string[] = [];
  while (!lexer.done && tags.length < MAX_LANGUAGES) {
    const tag = lexer.token();
    if (tag !== '') tags.push(tag);
    else lexer.skip();
  }
  return tags;
}

/** RFC 2557 §4.4.1: a folded URI has blanks that are not part of it. */
function location(value: string): string {
  return value.replace(/[ \t]+/g, '');
}

/** `*(";" attribute "=" value)`. Leniency: blanks within unquoted values are kept, missing semicolons forgiven. */
function parameters(lexer: Lexer): readonly Parameter[] {
  const found: Parameter[] = [];
  let split = false;
  while (!lexer.done && found.length < MAX_PARAMETERS) {
    const name = lexer.token().toLowerCase();
    lexer.blanks();
    if (name === '' || !lexer.take(61)) {
      if (name === '') lexer.skip();
      continue;
    }
    found.push([name, lexer.parameterValue().replace(ESCAPED_QUOTES, '$1')]);
    if (name.includes('*')) split = true;
  }
  if (found.length === 0) return NOTHING;
  return split ? joinContinuations(found) : found;
}

/** Leniency: a value whose quotes were escaped by a careless generator. */
const ESCAPED_QUOTES = /^\\"(.*)\\"$/;

/** A parameter that is octets rather than text: as it stands, or out of its RFC 2231 form. */
export function rawParameter(list: readonly Parameter[], name: string): string | undefined {
  for (const [key, value] of list) {
    if (key === name) return value;
    if (key.length === name.length + 1 && key === `${name}*`) {
      return value.replace(/^[^']*'[^']*'/, '').replace(/%([0-9A-Fa-f]{2})/g, (_all, hex: string) => {
        return String.fromCharCode(Number.parseInt(hex, 16));
      });
    }
  }
  return undefined;
}

/** RFC 2231 §3 and §4.1: `name*0`, `name*1*`, ... become `name` or `name*`, at the place of the first. */
function joinContinuations(found: readonly Parameter[]): readonly Parameter[] {
  const groups = new Map<string, Map<number, { value: string; encoded: boolean }>>();
  const order: (Parameter | string)[] = [];
  for (const parameter of found) {
    const match = /^([^*]+)\*([0-9]{1,4})(\*?)$/.exec(parameter[0]);
    if (match === null) {
      order.push(parameter);
      continue;
    }
    const name = match[1] ?? '';
    let group = groups.get(name);
    if (group === undefined) {
      group = new Map();
      groups.set(name, group);
      order.push(name);
    }
    const number = Number(match[2]);
    if (!group.has(number)) group.set(number, { value: parameter[1], encoded: match[3] === '*' });
  }
  return order.map((entry) => (typeof entry === 'string' ? joined(entry, groups.get(entry)) : entry));
}

function joined(
  name: string,
  group: ReadonlyMap<number, { value: string; encoded: boolean }> | undefined,
): Parameter {
  const pieces = [...(group ?? [])].sort(([a], [b]) => a - b).map(([, piece]) => piece);
  if (!pieces.some((piece) => piece.encoded)) return [name, pieces.map((piece) => piece.value).join('')];
  // The charset stands in the first piece; when that one is plain, an empty charset keeps the syntax.
  const prefix = pieces[0]?.encoded ? '' : "''";
  const text = pieces.map(({ value, encoded }) => (encoded ? value : percentEncoded(value))).join('');
  return [`${name}*`, prefix + text];
}

function percentEncoded(value: string): string {
  return value.replace(/[^A-Za-z0-9!#$&+\-.^_`{}~|]/g, (c) => {
    return `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
  });
}
