/** ESMTP parameters: `SP keyword ["=" value]`, RFC 5321 §4.1.2. */
import { CommandSyntaxError } from '@angarium/sdk';

/** Upper-case keyword → value, '' when there is none. */
export type Parameters = Readonly<Record<string, string>>;

const rule = / +([A-Za-z0-9][A-Za-z0-9-]*)(?:=([\x21-\x3c\x3e-\x7e\x80-\xff]+))?/y;

/** From the end of the path to the end of the line; blanks at the very end are passed over. @throws CommandSyntaxError */
export function parseParameters(line: string, from: number): Parameters {
  const text = line.slice(from).replace(/[ \t]+$/, '');
  const parameters: Record<string, string> = Object.create(null) as Record<string, string>;
  let pos = 0;
  while (pos < text.length) {
    rule.lastIndex = pos;
    const match = rule.exec(text);
    const [whole, keyword = '', value = ''] = match ?? [];
    if (whole === undefined) throw new CommandSyntaxError('Malformed parameter');
    const name = keyword.toUpperCase();
    if (name in parameters) throw new CommandSyntaxError(`${name} is given twice`);
    parameters[name] = value;
    pos += whole.length;
  }
  return parameters;
}

/** The octets of an xtext (RFC 3461 §4) as latin1; undefined when it is none. */
export function decodeXtext(text: string): string | undefined {
  if (!/^(?:[\x21-\x2a\x2c-\x3c\x3e-\x7e]|\+[0-9A-F]{2})*$/.test(text)) return undefined;
  return text.replace(/\+([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
