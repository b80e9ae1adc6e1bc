/** Runs a search in stages: columns, summaries, octets; each on the messages that the one before left undecided. */
import {
  type ContentRequest,
  type ImapSession,
  isKnownCharset,
  type MailboxSnapshot,
  MailError,
  NumberSet,
  type SearchIndex,
  type SearchOptions,
  SummaryView,
} from '@angarium/sdk';
import { batchesOf } from '../fetch/batches.js';
import { ContentReader } from '../fetch/contents.js';
import { type MessageLimit, requireWithin } from '../messages/message-limit.js';
import { nextTurn, resolveSearched } from '../view/index.js';
import { expanded } from './expand.js';
import { defaultFolding } from './folding.js';
import { type Node, type Program, programOf } from './program.js';
import { TextReader, type TextSource } from './read-texts.js';
import { Candidate, type CompiledSearch, compileSearch, NO, UNKNOWN, YES } from './tests.js';

export interface EvaluateOptions extends SearchOptions {
  readonly searchIndex?: SearchIndex | undefined;
  /** More messages than these are not looked at. */
  readonly limit?: MessageLimit;
}

/** Keys looked at in columns before other sessions have their turn: about a millisecond. */
const TESTS_A_TURN = 65_536;

/** @throws TooManyMessages */
export async function evaluate(
  session: ImapSession,
  program: Program,
  options: EvaluateOptions = {},
): Promise<NumberSet> {
  if (options.charset !== undefined && !isKnownCharset(options.charset))
    throw new MailError('BADCHARSET', 'The charset is not known');
  const { root } = await expanded(session, program, options.charset);
  const search = compileSearch(programOf(root), session, options.charset);
  const { view, ghosts } = session.selected;
  let candidates = NumberSet.range(0, view.count - 1).minus(view.indexesOf(ghosts));
  if (options.within !== undefined) candidates = candidates.intersect(options.within);
  candidates = candidates.intersect(requiredSets(session, root));
  requireWithin(options.limit, view.uidsAt(candidates));
  const run = new SearchRun(session, search, options);
  return run.run(view, candidates);
}

/** Sets that every match must be in: they narrow before anything is looked at. */
export function requiredSets(session: ImapSession, root: Node): NumberSet {
  let indexes = NumberSet.range(0, session.selected.view.count - 1);
  for (const node of root.op === 'and' ? root.nodes : [root]) {
    if (node.op === 'set')
      indexes = indexes.intersect(resolveSearched(session.selected, node.set, node.isUid));
  }
  return indexes;
}

class SearchRun {
  private readonly candidate: Candidate;
  private readonly matched: number[] = [];

  constructor(
    private readonly session: ImapSession,
    private readonly search: CompiledSearch,
    private readonly options: EvaluateOptions,
  ) {
    this.candidate = new Candidate(search.slots);
  }

  async run(view: MailboxSnapshot, candidates: NumberSet): Promise<NumberSet> {
    const undecided = await this.byColumns(view, candidates);
    if (!undecided.isEmpty) {
      await this.bySummaries(undecided);
      this.matched.sort((a, b) => a - b);
    }
    return NumberSet.fromAscending(this.matched);
  }

  private async byColumns(view: MailboxSnapshot, candidates: NumberSet): Promise<NumberSet> {
    const undecided: number[] = [];
    let tests = 0;
    for (const [first, last] of candidates.ranges()) {
      for (let index = first; index <= last; ) {
        const c = view.chunkIndexOf(index);
        const end = Math.min(last + 1, view.startOf(c + 1));
        this.chunkRows(view, c, index, end, undecided);
        tests += (end - index) * this.search.leaves;
        index = end;
        if (tests < TESTS_A_TURN) continue;
        tests = 0;
        await this.turn();
      }
    }
    return NumberSet.fromAscending(undecided);
  }

  private chunkRows(view: MailboxSnapshot, c: number, from: number, to: number, undecided: number[]): void {
    const { candidate } = this;
    const { test } = this.search;
    const chunk = view.chunks[c]!;
    const start = view.startOf(c);
    candidate.chunk = chunk;
    for (let index = from; index < to; index++) {
      candidate.at = index - start;
      candidate.uid = chunk.uids[index - start]!;
      candidate.index = index;
      const verdict = test(candidate);
      if (verdict === YES) this.match(index);
      else if (verdict === UNKNOWN) undecided.push(index);
    }
  }

  private async bySummaries(indexes: NumberSet): Promise<void> {
    const { candidate } = this;
    const excluded = await this.excludedByIndex();
    const texts = new TextReader(this.session, this.search);
    for await (const batch of batchesOf(this.session, indexes, true)) {
      const requests: ContentRequest[] = [];
      const sources: (TextSource & { readonly at: number })[] = [];
      const stand = (at: number): void => {
        candidate.forget();
        candidate.chunk = batch.chunks[at]!;
        candidate.at = batch.at[at]!;
        candidate.uid = batch.uids[at]!;
        candidate.index = batch.numbers[at]! - 1;
        candidate.summary = new SummaryView(batch.summaries!.records[at]!);
        for (const { slot, uids } of excluded) if (uids.has(candidate.uid)) candidate.verdicts[slot] = NO;
      };
      for (let at = 0; at < batch.uids.length; at++) {
        stand(at);
        const verdict = this.search.test(candidate);
        if (verdict === YES) this.match(candidate.index);
        else if (verdict === UNKNOWN)
          sources.push({ ...(await texts.source(candidate.uid, candidate.summary!, requests)), at });
      }
      await using reader = new ContentReader(this.session.selected.mailbox, requests);
      for (const source of sources) {
        stand(source.at);
        if (await texts.decide(candidate, source, reader)) this.match(candidate.index);
      }
      await this.turn();
    }
  }

  private match(index: number): void {
    this.matched.push(index);
    this.options.scores?.set(index, this.relevancy());
  }

  /** The mean of what matched by likeness; 100 where other keys decided (RFC 6203 §4). */
  private relevancy(): number {
    const { scores, verdicts } = this.candidate;
    let sum = 0;
    let count = 0;
    for (const { slot, likeness } of this.search.texts) {
      if (likeness === undefined || verdicts[slot] !== YES) continue;
      sum += scores[slot]!;
      count++;
    }
    return count === 0 ? 100 : Math.max(1, Math.round(sum / count));
  }

  /** UIDs that the search index knows not to match a text key; it nominates, the messages are read all the same. */
  private async excludedByIndex(): Promise<readonly { readonly slot: number; readonly uids: NumberSet }[]> {
    const { searchIndex } = this.options;
    if (searchIndex === undefined) return [];
    const excluded: { slot: number; uids: NumberSet }[] = [];
    for (const { slot, place, field, needle, likeness, fold } of this.search.texts) {
      // The index knows the default folding, and what is alike is for us to say.
      if (needle === '' || likeness !== undefined || fold !== defaultFolding) continue;
      const term = { field: indexField(place, field), text: needle, isFuzzy: false } as const;
      // A broken accelerator costs time, not the answer; its provider logs what is wrong with it.
      const asked = searchIndex.candidates(this.session.selected.mailbox.id, [term]);
      const answer = await asked.catch(() => undefined);
      if (answer !== undefined) excluded.push({ slot, uids: answer.indexed.minus(answer.uids) });
    }
    return excluded;
  }

  private async turn(): Promise<void> {
    this.options.signal?.throwIfAborted();
    await nextTurn();
  }
}

const addressFields = ['from', 'to', 'cc', 'bcc', 'subject'] as const;

function indexField(
  place: 'header' | 'body' | 'text',
  field: string,
): 'from' | 'to' | 'cc' | 'bcc' | 'subject' | 'header' | 'body' | 'text' {
  if (place !== 'header') return place;
  return addressFields.find((name) => name === field) ?? 'header';
}
