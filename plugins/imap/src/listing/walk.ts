/** Which names of a client's list match, one after the other: linear in the names, nothing is held but levels of hierarchy. */
import type { Pattern } from './pattern.js';

/** A name as the client sees it, and what is behind it; undefined: a name without mailbox that was asked for by name. */
export interface Candidate<T> {
  readonly text: string;
  readonly item: T | undefined;
}

export interface Match<T> {
  readonly text: string;
  /** Undefined: a level of hierarchy, or a name without mailbox. */
  readonly item: T | undefined;
  readonly hasChildren: boolean;
  /** Something below meets the selection (RFC 5258 §3.5). */
  readonly hasSelectedBelow: boolean;
}

/** Of names and levels that have something below them that meets a selection. */
export interface Below {
  /** Some of it does not match the patterns, so that only its ancestor can tell of it. */
  isUntold: boolean;
}

/** RFC 5258 §3: what limits a list beside its patterns. */
export interface Selection {
  meets(text: string): boolean;
  /** RECURSIVEMATCH: by text. Undefined without it. */
  readonly below: ReadonlyMap<string, Below> | undefined;
}

export interface WalkOptions {
  readonly patterns: readonly Pattern[];
  readonly separator: string;
  /** Undefined: every mailbox meets it. */
  readonly selection?: Selection | undefined;
  /** After so many names undefined is yielded: a moment to let others go on. Absent: never. */
  readonly pauseEvery?: number;
}

/**
 * A level comes before what is below it, each name once. Levels without a mailbox match a `%` at the end of a pattern (RFC 3501
 * §6.3.8); in a selection they match whatever pattern, but only where RECURSIVEMATCH wants them told.
 * @param names in an order in which all that is below a name follows it at once
 */
export function walk<T>(
  names: readonly Candidate<T>[],
  options: WalkOptions & { readonly pauseEvery: number },
): Generator<Match<T> | undefined>;
export function walk<T>(names: readonly Candidate<T>[], options: WalkOptions): Generator<Match<T>>;
export function* walk<T>(
  names: readonly Candidate<T>[],
  { patterns, separator, selection, pauseEvery }: WalkOptions,
): Generator<Match<T> | undefined> {
  const levelPatterns = selection === undefined ? patterns.filter((one) => one.endsWithPercent) : patterns;
  const tellsLevels = selection === undefined ? levelPatterns.length > 0 : selection.below !== undefined;
  const seenLevels = new Set<string>();
  for (let at = 0; at < names.length; at++) {
    const { text, item } = names[at]!;
    if (pauseEvery !== undefined && (at + 1) % pauseEvery === 0) yield undefined;
    if (tellsLevels) {
      for (const level of newLevels(text, separator, seenLevels)) {
        if (!isTold(level, selection) || !levelPatterns.some((pattern) => pattern.matches(level))) continue;
        const hasChildren = hasExistingBelow(names, at, level, separator);
        yield { text: level, item: undefined, hasChildren, hasSelectedBelow: selection !== undefined };
      }
      // It is no mere level.
      const next = names[at + 1];
      if (next !== undefined && isBelow(next.text, text, separator)) seenLevels.add(text);
    }
    if (!isTold(text, selection) || !patterns.some((pattern) => pattern.matches(text))) continue;
    const hasSelectedBelow = selection?.below?.has(text) ?? false;
    yield { text, item, hasChildren: hasExistingBelow(names, at + 1, text, separator), hasSelectedBelow };
  }
}

function isTold(text: string, selection: Selection | undefined): boolean {
  if (selection === undefined || selection.meets(text)) return true;
  return selection.below?.get(text)?.isUntold ?? false;
}

/** Asked for each name of a list: makes no text. */
function isBelow(text: string, top: string, separator: string): boolean {
  return text.startsWith(separator, top.length) && text.startsWith(top);
}

/** Is one of the names from `at` on a mailbox below `top`? */
function hasExistingBelow(
  names: readonly Candidate<unknown>[],
  at: number,
  top: string,
  separator: string,
): boolean {
  for (let next = names[at]; next !== undefined && isBelow(next.text, top, separator); next = names[++at]) {
    if (next.item !== undefined) return true;
  }
  return false;
}

/** Every ancestor of what meets the selection. */
export function ancestorsOf(
  selected: Iterable<string>,
  patterns: readonly Pattern[],
  separator: string,
): ReadonlyMap<string, Below> {
  const below = new Map<string, Below>();
  for (const text of selected) {
    const isUntold = !patterns.some((pattern) => pattern.matches(text));
    for (let at = text.lastIndexOf(separator); at > 0; at = text.lastIndexOf(separator, at - 1)) {
      const level = text.slice(0, at);
      const known = below.get(level);
      if (known === undefined) below.set(level, { isUntold });
      else if (known.isUntold || !isUntold) break;
      else known.isUntold = true;
    }
  }
  return below;
}

/** The levels above `text` that are not in `seen`, highest first; they are put there. */
function newLevels(text: string, separator: string, seen: Set<string>): string[] {
  const levels: string[] = [];
  for (let at = text.lastIndexOf(separator); at > 0; at = text.lastIndexOf(separator, at - 1)) {
    const level = text.slice(0, at);
    if (seen.has(level)) break;
    seen.add(level);
    levels.unshift(level);
  }
  return levels;
}
