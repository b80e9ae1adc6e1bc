import { envelope } from './envelope.js';
import type { MessagePart, MessageStructure, Parameter, WireOptions } from './types.js';
import { NIL, wireString } from './wire.js';

/**
 * BODYSTRUCTURE and BODY, RFC 3501 §7.4.2. Types, parameter names and encodings are upper case, as in the RFC's
 * examples. text without charset has the default one added (RFC 2046 §4.1.2). RFC 2231 parameters are joined and
 * otherwise as in the message. message/global has an envelope only with `utf8` (RFC 9051 §9 media-message); in
 * RFC 3501 §9 it is a basic type.
 */
export function bodyStructure(bytes: Buffer, structure: MessageStructure, options?: WireOptions): string {
  return part(bytes, structure.root, true, options);
}

/** BODY, the form without extension data (RFC 3501 §7.4.2). */
export function body(bytes: Buffer, structure: MessageStructure, options?: WireOptions): string {
  return part(bytes, structure.root, false, options);
}

/** As deep as the tree, which `parse` bounds. */
function part(bytes: Buffer, node: MessagePart, extended: boolean, options: WireOptions | undefined): string {
  if (node.kind === 'multipart') {
    let out = '(';
    for (const child of node.children) out += part(bytes, child, extended, options);
    out += ` ${upper(node.subtype, options)}`;
    if (extended) out += ` ${parameters(node.parameters, options)}${tail(node, options)}`;
    return `${out})`;
  }
  const text = node.type === 'text';
  let out =
    `(${upper(node.type, options)} ${upper(node.subtype, options)} ` +
    `${parameters(text ? withCharset(node.parameters) : node.parameters, options)} ` +
    `${wireString(node.id, options)} ${wireString(node.description, options)} ` +
    `${upper(node.encoding, options)} ${node.bodyLength}`;
  const message = node.kind === 'message' ? node.children[0] : undefined;
  if (message !== undefined && (node.subtype === 'rfc822' || options?.utf8 === true)) {
    out += ` ${envelope(bytes, message, options)} ${part(bytes, message, extended, options)} ${node.bodyLines}`;
  } else if (text) out += ` ${node.bodyLines}`;
  if (extended) out += ` ${wireString(node.md5, options)}${tail(node, options)}`;
  return `${out})`;
}

/** Disposition, language and location. */
function tail(node: MessagePart, options: WireOptions | undefined): string {
  const { disposition, language, location } = node;
  const disp =
    disposition === undefined
      ? NIL
      : `(${upper(disposition.type, options)} ${parameters(disposition.parameters, options)})`;
  const lang = language.length === 0 ? NIL : `(${language.map((tag) => wireString(tag, options)).join(' ')})`;
  return ` ${disp} ${lang} ${wireString(location, options)}`;
}

function parameters(list: readonly Parameter[], options: WireOptions | undefined): string {
  if (list.length === 0) return NIL;
  const items = list.map(([name, value]) => `${upper(name, options)} ${wireString(value, options)}`);
  return `(${items.join(' ')})`;
}

function withCharset(list: readonly Parameter[]): readonly Parameter[] {
  if (list.some(([name]) => name === 'charset' || name === 'charset*')) return list;
  return [...list, ['charset', 'US-ASCII']];
}

/** Only ASCII letters: the octets of other characters must not change. */
function upper(text: string, options: WireOptions | undefined): string {
  return wireString(
    text.replace(/[a-z]+/g, (letters) => letters.toUpperCase()),
    options,
  );
}
