/** The structure of one part out of a message's BODY text (BODYPARTSTRUCTURE of RFC 5259 §7.1, RFC 5524 §3.2). */

/** Position behind the value that begins at `at`: a list, a string, a literal or an atom. Iterative: structures nest deeply. */
function valueEnd(text: string, at: number): number {
  let depth = 0;
  do {
    const c = text[at];
    if (c === '(') depth++;
    else if (c === ')') depth--;
    else if (c === '"') at = quotedEnd(text, at);
    else if (c === '{') at = literalEnd(text, at);
    else if (c !== ' ') at = atomEnd(text, at);
    at++;
  } while (depth > 0 && at < text.length);
  return at;
}

/** Position of the closing quote. */
function quotedEnd(text: string, at: number): number {
  for (at++; text[at] !== '"' && at < text.length; at++) if (text[at] === '\\') at++;
  return at;
}

function literalEnd(text: string, at: number): number {
  const close = text.indexOf('}', at);
  return close + 2 + Number(text.slice(at + 1, close));
}

function atomEnd(text: string, at: number): number {
  while (at + 1 < text.length && !' ()'.includes(text[at + 1]!)) at++;
  return at;
}

/** The values in a list, as text. */
function values(list: string): string[] {
  const found: string[] = [];
  for (let at = 1; at < list.length - 1; ) {
    if (list[at] === ' ') {
      at++;
      continue;
    }
    const end = valueEnd(list, at);
    found.push(list.slice(at, end));
    at = end;
  }
  return found;
}

/** @param body BODY of a whole message. Undefined: no such part. */
export function partStructure(body: string, path: readonly number[]): string | undefined {
  let node = body;
  let isMessage = true;
  for (const number of path) {
    if (!node.startsWith('((') && !isMessage) {
      // Parts of message/rfc822 are those of the message in it: type, subtype, six fields, envelope, body, lines.
      const fields = values(node);
      if (fields[0] !== '"MESSAGE"' || fields.length < 10) return undefined;
      node = fields[8]!;
      isMessage = true;
    }
    if (node.startsWith('((')) {
      const part = values(node)[number - 1];
      if (part?.startsWith('(') !== true) return undefined;
      node = part;
    } else if (number !== 1) return undefined;
    isMessage = false;
  }
  return node;
}

/** The structure of a leaf as it is without its transfer encoding. */
export function asDecoded(structure: string, size: number): string {
  const fields = values(structure);
  // Type, subtype, parameters, id, description, encoding, octets: RFC 3501 §7.4.2.
  if (structure.startsWith('((') || fields.length < 7) return structure;
  fields[5] = '"BINARY"';
  fields[6] = `${size}`;
  return `(${fields.join(' ')})`;
}
