/** The parts of a message out of its BODYSTRUCTURE, as the summary keeps it (RFC 3501 §7.4.2). */
import type { Parameter } from '@angarium/sdk';

/** One MIME part. Strings are octets (latin1); names are lower case. */
export interface Part {
  readonly type: string;
  readonly subtype: string;
  readonly parameters: readonly Parameter[];
  readonly id: string | undefined;
  readonly description: string | undefined;
  readonly encoding: string;
  /** Octets, encoded; 0 for multiparts. */
  readonly size: number;
  readonly md5: string | undefined;
  readonly disposition: { readonly type: string; readonly parameters: readonly Parameter[] } | undefined;
  readonly language: readonly string[];
  readonly location: string | undefined;
  /** Of a message within, by the name of the key that asks for it; addresses as `Name <local@domain>`. */
  readonly envelope: ReadonlyMap<string, string> | undefined;
  readonly children: readonly Part[];
}

type Value = string | undefined | readonly Value[];

/** Reads strings, NIL, numbers and lists; as deep as the message, which its parser bounds. */
class WireReader {
  private at = 0;

  constructor(private readonly text: string) {}

  value(): Value {
    const character = this.text[this.at];
    if (character === '(') return this.list();
    if (character === '"') return this.quoted();
    if (character === '{') return this.literal();
    const end = /[ ()]|$/g;
    end.lastIndex = this.at;
    const stop = end.exec(this.text)!.index;
    const word = this.text.slice(this.at, stop);
    this.at = stop;
    return word === 'NIL' ? undefined : word;
  }

  private list(): readonly Value[] {
    const values: Value[] = [];
    this.at++;
    while (this.at < this.text.length && this.text[this.at] !== ')') {
      if (this.text[this.at] === ' ') this.at++;
      else values.push(this.value());
    }
    this.at++;
    return values;
  }

  private quoted(): string {
    let value = '';
    for (this.at++; this.at < this.text.length && this.text[this.at] !== '"'; this.at++) {
      if (this.text[this.at] === '\\') this.at++;
      value += this.text[this.at];
    }
    this.at++;
    return value;
  }

  private literal(): string {
    const end = this.text.indexOf('}', this.at);
    const size = Number(this.text.slice(this.at + 1, end));
    const start = end + 3;
    this.at = start + size;
    return this.text.slice(start, this.at);
  }
}

const textOf = (value: Value): string | undefined => (typeof value === 'string' ? value : undefined);
const listOf = (value: Value): readonly Value[] => (Array.isArray(value) ? value : []);
const lower = (value: Value): string => (textOf(value) ?? '').toLowerCase();

function parametersOf(value: Value): readonly Parameter[] {
  const list = listOf(value);
  const parameters: Parameter[] = [];
  for (let i = 0; i + 1 < list.length; i += 2) parameters.push([lower(list[i]), textOf(list[i + 1]) ?? '']);
  return parameters;
}

function dispositionOf(value: Value): Part['disposition'] {
  const [type, parameters] = listOf(value);
  return type === undefined ? undefined : { type: lower(type), parameters: parametersOf(parameters) };
}

/** The fields of an ENVELOPE in their order (RFC 3501 §7.4.2); true: a list of addresses. */
const envelopeFields = [
  ['DATE', false],
  ['SUBJECT', false],
  ['FROM', true],
  ['SENDER', true],
  ['REPLY-TO', true],
  ['TO', true],
  ['CC', true],
  ['BCC', true],
  ['IN-REPLY-TO', false],
  ['MESSAGE-ID', false],
] as const;

function envelopeOf(value: Value): ReadonlyMap<string, string> {
  const list = listOf(value);
  const fields = new Map<string, string>();
  for (const [at, [name, isAddresses]] of envelopeFields.entries()) {
    const text = isAddresses ? addressesOf(list[at]) : textOf(list[at]);
    if (text !== undefined) fields.set(name, text);
  }
  return fields;
}

function addressesOf(value: Value): string | undefined {
  if (value === undefined) return undefined;
  const addresses = listOf(value).map((address) => {
    const [name, , mailbox, host] = listOf(address).map(textOf);
    return `${name ?? ''} <${mailbox ?? ''}@${host ?? ''}>`;
  });
  return addresses.join(', ');
}

/** Disposition, language, location from `at` on. */
function tailOf(list: readonly Value[], at: number): Pick<Part, 'disposition' | 'language' | 'location'> {
  return {
    disposition: dispositionOf(list[at]),
    language: listOf(list[at + 1]).map((tag) => textOf(tag) ?? ''),
    location: textOf(list[at + 2]),
  };
}

function partOf(value: Value): Part {
  const list = listOf(value);
  if (Array.isArray(list[0])) return multipartOf(list);
  const type = lower(list[0]);
  const subtype = lower(list[1]);
  const isMessage = Array.isArray(list[8]) && type === 'message';
  const afterBasic = isMessage ? 10 : type === 'text' ? 8 : 7;
  return {
    type,
    subtype,
    parameters: parametersOf(list[2]),
    id: textOf(list[3]),
    description: textOf(list[4]),
    encoding: lower(list[5]),
    size: Number(textOf(list[6]) ?? 0),
    md5: textOf(list[afterBasic]),
    ...tailOf(list, afterBasic + 1),
    envelope: isMessage ? envelopeOf(list[7]) : undefined,
    children: isMessage ? [partOf(list[8])] : [],
  };
}

function multipartOf(list: readonly Value[]): Part {
  const children: Part[] = [];
  let at = 0;
  for (; Array.isArray(list[at]); at++) children.push(partOf(list[at]));
  return {
    type: 'multipart',
    subtype: lower(list[at]),
    parameters: parametersOf(list[at + 1]),
    id: undefined,
    description: undefined,
    encoding: '7bit',
    size: 0,
    md5: undefined,
    ...tailOf(list, at + 2),
    envelope: undefined,
    children,
  };
}

export function partsOfStructure(bodyStructure: string): Part {
  return partOf(new WireReader(bodyStructure).value());
}
