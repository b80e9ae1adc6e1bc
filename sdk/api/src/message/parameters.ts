import { decodeCharset } from './charset.js';
import { decodeWords } from './encoded-words.js';
import type { MessagePart, Parameter } from './types.js';

/**
 * A parameter as text: RFC 2231 decoded (`name*` before `name`), otherwise RFC 2047 words and 8-bit octets, which
 * RFC 2047 §5 forbids there and mailers write all the same.
 */
export function parameterValue(parameters: readonly Parameter[], name: string): string | undefined {
  const wanted = name.toLowerCase();
  const extended = parameters.find(([key]) => key === `${wanted}*`)?.[1];
  if (extended !== undefined) return decodeExtended(extended);
  const value = parameters.find(([key]) => key === wanted)?.[1];
  return value === undefined ? undefined : decodeWords(value);
}

/** RFC 2231 §4: charset'language'percent-encoded. Without the quotes all of it is the value. */
function decodeExtended(value: string): string {
  const first = value.indexOf("'");
  const second = first < 0 ? -1 : value.indexOf("'", first + 1);
  const charset = second < 0 ? undefined : value.slice(0, first);
  const raw = value.slice(second + 1).replace(/%([0-9A-Fa-f]{2})/g, (_all, hex: string) => {
    return String.fromCharCode(Number.parseInt(hex, 16));
  });
  return decodeCharset(Buffer.from(raw, 'latin1'), charset);
}

/** File name of a part: Content-Disposition's filename (RFC 2183 §2.3), otherwise Content-Type's name. */
export function fileName(part: Pick<MessagePart, 'parameters' | 'disposition'>): string | undefined {
  const { disposition, parameters } = part;
  const name = disposition === undefined ? undefined : parameterValue(disposition.parameters, 'filename');
  return name ?? parameterValue(parameters, 'name');
}
