/**
 * A search program as a test of one message in three values: what is not known yet is UNKNOWN, and is asked again when more of
 * the message is at hand. So each stage reads only messages that the cheaper stage could not decide.
 */
import {
  decodeCharset,
  decodeWords,
  type ImapSession,
  isCacheableHeader,
  type SnapshotChunk,
  type SummaryView,
} from '@angarium/sdk';
import { resolveSearched } from '../view/index.js';
import { defaultFolding, folding } from './folding.js';
import { fuzzyWords } from './fuzzy.js';
import { fieldValues, isPlainHeader, longestWord } from './header-text.js';
import type { Leaf, Node, Program, TextPlace } from './program.js';

export const NO = 0;
export const YES = 1;
export const UNKNOWN = 2;

/** What is known of one message; one object a search, moved from message to message. */
export class Candidate {
  chunk!: SnapshotChunk;
  at = 0;
  uid = 0;
  index = 0;
  summary: SummaryView | undefined;
  /** By slot. */
  readonly verdicts: Uint8Array;
  /** How well what matched did, 0 to 100, by slot; for fuzzy keys. */
  readonly scores: Uint8Array;

  constructor(slots: number) {
    this.verdicts = new Uint8Array(slots).fill(UNKNOWN);
    this.scores = new Uint8Array(slots);
  }

  forget(): void {
    this.summary = undefined;
    this.verdicts.fill(UNKNOWN);
    this.scores.fill(0);
  }
}

export type Test = (candidate: Candidate) => number;

/** A text that is looked for; its verdict is in `slot`. */
export interface TextProbe {
  readonly slot: number;
  readonly place: TextPlace;
  /** Lower case; '' for any. */
  readonly field: string;
  /** Folded. */
  readonly needle: string;
  /** Of the needle the longest: without it there is no match, which is cheap to see in plain text. '' when that does not hold. */
  readonly word: string;
  /** The text as the comparator sees it. */
  readonly fold: (text: string) => string;
  /** How well a folded text matches: 0 not at all, 100 exactly. Absent: by substring. */
  readonly likeness?: (folded: string) => number;
}

/** Looks in a folded text and notes what it finds. */
export function probeText(candidate: Candidate, probe: TextProbe, folded: string, weight = 1): void {
  const { slot, needle, likeness } = probe;
  if (likeness === undefined) {
    if (folded.includes(needle)) candidate.verdicts[slot] = YES;
    return;
  }
  const score = Math.round(weight * likeness(folded));
  if (score === 0) return;
  candidate.verdicts[slot] = YES;
  candidate.scores[slot] = Math.max(candidate.scores[slot]!, score);
}

export interface MessageProbe {
  readonly slot: number;
  readonly leaf: Leaf & { readonly op: 'extension' };
}

export interface CompiledSearch {
  readonly test: Test;
  /** How much work a test is. */
  readonly leaves: number;
  readonly slots: number;
  /** Stages above 'index' that some key needs. */
  readonly needs: 'index' | 'summary' | 'message';
  readonly texts: readonly TextProbe[];
  readonly extensions: readonly MessageProbe[];
  readonly fold: (text: string) => string;
}

const cost = { index: 0, summary: 1, message: 2 } as const;
type Cost = keyof typeof cost;

interface Costly {
  readonly test: Test;
  readonly needs: Cost;
}

class Compiler {
  readonly texts: TextProbe[] = [];
  readonly extensions: MessageProbe[] = [];
  slots = 0;
  leaves = 0;

  constructor(
    private readonly session: ImapSession,
    private readonly charset: string | undefined,
    private readonly fold: (text: string) => string,
  ) {}

  /** As deep as the program, which the parser bounds. */
  compile(node: Node): Costly {
    if (node.op === 'not') {
      const { test, needs } = this.compile(node.node);
      return { needs, test: (candidate) => negation[test(candidate)]! };
    }
    if ('nodes' in node) {
      const parts = node.nodes.map((child) => this.compile(child));
      if (node.op === 'and') return this.all(parts);
      parts.sort((a, b) => cost[a.needs] - cost[b.needs]);
      return { needs: parts[parts.length - 1]!.needs, test: some(parts.map((part) => part.test)) };
    }
    return this.leaf(node);
  }

  private leaf(leaf: Leaf): Costly {
    this.leaves++;
    switch (leaf.op) {
      case 'text':
        return this.text(leaf);
      case 'extension':
        return this.extension(leaf);
      case 'date':
        return leaf.of === 'internal'
          ? { needs: 'index', test: internalDate(leaf) }
          : { needs: 'summary', test: sentDate(leaf) };
      default:
        return { needs: 'index', test: this.indexTest(leaf) };
    }
  }

  private indexTest(leaf: Exclude<Leaf, { op: 'text' | 'extension' | 'date' }>): Test {
    const { selected } = this.session;
    switch (leaf.op) {
      case 'all':
        return () => YES;
      case 'flag': {
        const { bit, isSet } = leaf;
        return ({ chunk, at }) => (((chunk.flags[at]! & bit) !== 0) === isSet ? YES : NO);
      }
      case 'keyword':
        return keyword(selected.view.head.keywordNames, leaf.name, leaf.isSet);
      case 'recent':
        return ({ uid }) => (selected.isRecent(uid) ? YES : NO);
      case 'set': {
        const indexes = resolveSearched(selected, leaf.set, leaf.isUid);
        return ({ index }) => (indexes.has(index) ? YES : NO);
      }
      case 'size': {
        const { octets } = leaf;
        if (leaf.than === 'larger') return ({ chunk, at }) => (chunk.sizes[at]! > octets ? YES : NO);
        return ({ chunk, at }) => (chunk.sizes[at]! < octets ? YES : NO);
      }
      case 'modseq': {
        const { from } = leaf;
        return ({ chunk, at }) => (chunk.modseqs[at]! >= from ? YES : NO);
      }
    }
  }

  private text(leaf: Leaf & { readonly op: 'text' }): Costly {
    const needle = this.fold(decodeCharset(Buffer.from(leaf.text, 'latin1'), this.charset));
    if (!leaf.isFuzzy) {
      // Only the default folding is that of the shortcut in plain text.
      const word = this.fold === defaultFolding ? longestWord(needle) : '';
      return this.probe(leaf, { needle, word });
    }
    const words = fuzzyWords(needle).map(({ word, likeness }) =>
      this.probe(leaf, { needle: word, word: '', likeness }),
    );
    return words.length === 1 ? words[0]! : this.all(words);
  }

  private probe(
    { place, field }: Leaf & { readonly op: 'text' },
    what: Pick<TextProbe, 'needle' | 'word' | 'likeness'>,
  ): Costly {
    const slot = this.slots++;
    const probe: TextProbe = { slot, place, field, fold: this.fold, ...what };
    this.texts.push(probe);
    if (place !== 'header' || !isCacheableHeader(field))
      return { needs: 'message', test: ({ verdicts }) => verdicts[slot]! };
    const names = [field];
    const test: Test = (candidate) => {
      const { verdicts, summary } = candidate;
      const known = verdicts[slot]!;
      if (known !== UNKNOWN || summary === undefined) return known;
      const raw = summary.cachedHeaders(names);
      // Too large to be cached: the message has to be read.
      if (raw === undefined) return UNKNOWN;
      lookInFields(candidate, raw, probe);
      return verdicts[slot]!;
    };
    return { needs: 'summary', test };
  }

  private all(parts: readonly Costly[]): Costly {
    const sorted = [...parts].sort((a, b) => cost[a.needs] - cost[b.needs]);
    return { needs: sorted[sorted.length - 1]!.needs, test: every(sorted.map(({ test }) => test)) };
  }

  private extension(leaf: Leaf & { readonly op: 'extension' }): Costly {
    const { key, args } = leaf;
    const { session } = this;
    if (key.needs === 'index') {
      const matches =
        key.prepareIndex?.(session, args) ??
        ((chunk: SnapshotChunk, at: number) => key.matchIndex!(session, chunk, at, args));
      return { needs: 'index', test: ({ chunk, at }) => (matches(chunk, at) ? YES : NO) };
    }
    if (key.needs === 'summary') {
      const test: Test = ({ summary }) =>
        summary === undefined ? UNKNOWN : key.matchSummary!(session, summary, args) ? YES : NO;
      return { needs: 'summary', test };
    }
    const slot = this.slots++;
    this.extensions.push({ slot, leaf });
    return { needs: 'message', test: ({ verdicts }) => verdicts[slot]! };
  }
}

export function compileSearch(
  program: Program,
  session: ImapSession,
  charset: string | undefined,
): CompiledSearch {
  const fold = folding(session);
  const compiler = new Compiler(session, charset, fold);
  const { test, needs } = compiler.compile(program.root);
  const { texts, extensions, slots, leaves } = compiler;
  // A header key that the summary mostly answers may still need the message.
  const mayNeedMessage = needs === 'summary' && texts.length > 0;
  return { test, slots, leaves, texts, extensions, fold, needs: mayNeedMessage ? 'message' : needs };
}

const negation = [YES, NO, UNKNOWN];

function every(tests: readonly Test[]): Test {
  return (candidate) => {
    let verdict = YES;
    for (let i = 0; i < tests.length; i++) {
      const one = tests[i]!(candidate);
      if (one === NO) return NO;
      if (one === UNKNOWN) verdict = UNKNOWN;
    }
    return verdict;
  };
}

function some(tests: readonly Test[]): Test {
  return (candidate) => {
    let verdict = NO;
    for (let i = 0; i < tests.length; i++) {
      const one = tests[i]!(candidate);
      if (one === YES) return YES;
      if (one === UNKNOWN) verdict = UNKNOWN;
    }
    return verdict;
  };
}

function keyword(names: readonly string[], name: string, isSet: boolean): Test {
  const bit = names.findIndex((known) => known.toLowerCase() === name.toLowerCase());
  if (bit < 0) return () => (isSet ? NO : YES);
  const word = bit >> 5;
  const mask = 1 << (bit & 31);
  return ({ chunk, at }) => (((chunk.keywords[at * 4 + word]! & mask) !== 0) === isSet ? YES : NO);
}

type DateLeaf = Leaf & { readonly op: 'date' };

function dayTest({ is, day }: DateLeaf): (messageDay: number) => number {
  if (is === 'before') return (messageDay) => (messageDay < day ? YES : NO);
  if (is === 'since') return (messageDay) => (messageDay >= day ? YES : NO);
  return (messageDay) => (messageDay === day ? YES : NO);
}

/** Days are those that INTERNALDATE shows: UTC. */
function internalDate(leaf: DateLeaf): Test {
  const test = dayTest(leaf);
  return ({ chunk, at }) => test(Math.floor(chunk.dates[at]! / 86_400));
}

/** The day as written in the Date field, whatever its zone (RFC 3501 §6.4.4). Without one nothing matches. */
function sentDate(leaf: DateLeaf): Test {
  const test = dayTest(leaf);
  return ({ summary }) => {
    if (summary === undefined) return UNKNOWN;
    if (!summary.hasSentDate) return NO;
    return test(Math.floor((summary.sentDateMs + summary.sentZoneMinutes * 60_000) / 86_400_000));
  };
}

/** The key's verdict from these fields (octets). An empty needle asks whether there is such a field. */
export function lookInFields(candidate: Candidate, raw: string, probe: TextProbe): void {
  const { verdicts } = candidate;
  const { slot, word } = probe;
  verdicts[slot] = NO;
  if (isPlainHeader(raw) && !raw.toLowerCase().includes(word)) return;
  for (const value of fieldValues(raw)) {
    probeText(candidate, probe, probe.fold(decodeWords(value)));
    if (verdicts[slot] === YES && probe.likeness === undefined) return;
  }
}
