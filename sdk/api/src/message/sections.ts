import { rawParameter } from './content.js';
import type { EntityRange, MessagePart, MessageStructure, NumberedSection, Section } from './types.js';

/**
 * Part numbers, RFC 3501 §6.4.5: the parts of a multipart count from 1; a message that is no multipart has one
 * part, 1, which is itself; the parts of a message/rfc822 part are those of the message in it.
 */

/** Section `path` of a parsed message; [] is the message itself. */
export function sectionOf(structure: MessageStructure, path: readonly number[]): Section | undefined {
  let node: MessagePart = structure.root;
  let isMessage = true;
  for (const number of path) {
    const next = childOf(node, isMessage, number);
    if (next === undefined) return undefined;
    node = next;
    isMessage = false;
  }
  return sectionFrom(node);
}

function childOf(node: MessagePart, isMessage: boolean, number: number): MessagePart | undefined {
  if (node.kind === 'multipart') return node.children[number - 1];
  if (isMessage) return number === 1 ? node : undefined;
  const message = node.kind === 'message' ? node.children[0] : undefined;
  return message === undefined ? undefined : childOf(message, true, number);
}

export function sectionFrom(node: MessagePart): Section {
  const message = node.kind === 'message' ? node.children[0] : undefined;
  return {
    headerOffset: node.headerOffset,
    headerLength: node.headerLength,
    bodyOffset: node.bodyOffset,
    bodyLength: node.bodyLength,
    kind: node.kind,
    type: node.type,
    subtype: node.subtype,
    encoding: node.encoding,
    charset: charsetOf(node),
    bodyLines: node.bodyLines,
    message: message === undefined ? undefined : rangeOf(message),
  };
}

function rangeOf(node: EntityRange): EntityRange {
  const { headerOffset, headerLength, bodyOffset, bodyLength } = node;
  return { headerOffset, headerLength, bodyOffset, bodyLength };
}

export function charsetOf(node: MessagePart): string | undefined {
  return rawParameter(node.parameters, 'charset')?.toLowerCase();
}

/** All numbered sections in order, [] (the message) first. */
export function* sectionsOf(structure: MessageStructure): Generator<NumberedSection> {
  yield { path: [], ...sectionFrom(structure.root) };
  yield* partsOf(structure.root, []);
}

/** The parts below a message. As deep as the tree, which `parse` bounds. */
function* partsOf(message: MessagePart, path: readonly number[]): Generator<NumberedSection> {
  if (message.kind === 'multipart') {
    for (let i = 0; i < message.children.length; i++) {
      yield* numbered(message.children[i] as MessagePart, [...path, i + 1]);
    }
  } else yield* numbered(message, [...path, 1]);
}

function* numbered(node: MessagePart, path: readonly number[]): Generator<NumberedSection> {
  yield { path, ...sectionFrom(node) };
  if (node.kind === 'multipart') yield* partsOf(node, path);
  const message = node.kind === 'message' ? node.children[0] : undefined;
  if (message !== undefined) yield* partsOf(message, path);
}
