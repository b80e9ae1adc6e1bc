import {
  type CommandLine,
  defineImapCommand,
  type ImapCommand,
  type ImapCommandContext,
  type ImapExtensions,
  type ImapSearch,
  ImapSyntaxError,
  type NumberSet,
  type ResultOrder,
  type ReturnRequest,
  type SearchProgram,
} from '@angarium/sdk';
import { countUp, toArray } from '../numbers.js';
import { Turns } from '../turns.js';
import { writeNumbers } from '../write.js';
import { type Criterion, parseCriteria } from './criteria.js';
import type { KeyCache } from './key-cache.js';
import { comparison, type KeyOptions, loadKeys } from './keys.js';
import { sortInSlices } from './order.js';
import { placesAmong } from './places.js';

interface SortArguments {
  readonly returns: ReturnRequest | undefined;
  readonly criteria: readonly Criterion[];
  readonly charset: string;
  readonly program: SearchProgram;
}

/** SORT and UID SORT: RFC 5256 §3, RETURN of RFC 5267 §3. */
export function sortCommand(
  search: ImapSearch,
  cache: KeyCache,
  extensions: ImapExtensions,
): ImapCommand<SortArguments> {
  return defineImapCommand({
    name: 'SORT',
    rfc: 'RFC 5256 §3',
    states: ['selected'],
    hasUidForm: true,
    usesNumbers: true,
    mayExpunge: false,
    parse: (line, isUid) => parseSort(line, isUid, search, extensions),
    run: (context, args) => runSort(context, args, search, cache),
  });
}

function parseSort(
  line: CommandLine,
  isUid: boolean,
  search: ImapSearch,
  extensions: ImapExtensions,
): SortArguments {
  line.sp();
  const returns = search.parseReturn(line, 'SORT');
  const criteria = parseCriteria(line, extensions);
  line.sp();
  const charset = line.astring();
  line.sp();
  const program = search.parse(line, isUid);
  line.end();
  if (returns !== undefined) search.checkReturn(returns, program);
  if (!program.isFuzzy && criteria.some(({ kind }) => kind === 'score'))
    throw new ImapSyntaxError('RELEVANCY needs a FUZZY key');
  return { returns, criteria, charset, program };
}

async function runSort(
  context: ImapCommandContext,
  args: SortArguments,
  search: ImapSearch,
  cache: KeyCache,
): Promise<void> {
  const { session, reply, isUid, signal } = context;
  const { returns, criteria, charset, program } = args;
  search.admit(context, program, returns);
  await session.selected.sync(reply, { mayExpunge: isUid, withUid: isUid });
  try {
    const scores = program.isFuzzy ? new Map<number, number>() : undefined;
    const found = await search.evaluate(session, program, { charset, signal, scores });
    const turns = new Turns(signal);
    const options: KeyOptions = { criteria, comparator: search.collation(session), scores, cache, turns };
    const sorted = await sortedIndexes(context, found, options);
    if (returns === undefined) {
      await writeSorted(context, sorted, program);
      return;
    }
    const order = orderOf(sorted, options);
    await search.answer(context, returns, {
      indexes: found,
      order,
      program,
      charset,
      ...(scores && { scores }),
    });
  } catch (error) {
    search.failed(context, returns, error);
    throw error;
  }
}

/** With the highest mod-sequence where it was asked for (RFC 7162 §3.1.9). */
async function writeSorted(
  { session, reply, isUid }: ImapCommandContext,
  sorted: Uint32Array,
  { usesModSeq }: SearchProgram,
): Promise<void> {
  const { view } = session.selected;
  const numberOf = (index: number): number => (isUid ? view.uidAt(index) : index + 1);
  let end = '';
  if (usesModSeq && sorted.length > 0) {
    let highest = 0;
    for (const index of sorted) {
      const { chunk, at } = view.place(index);
      highest = Math.max(highest, chunk.modseqs[at]!);
    }
    end = ` (MODSEQ ${highest})`;
  }
  await writeNumbers(reply, { start: '* SORT', end }, sorted, numberOf);
}

async function sortedIndexes(
  { session }: ImapCommandContext,
  found: NumberSet,
  options: KeyOptions,
): Promise<Uint32Array> {
  const { criteria, turns } = options;
  const indexes = toArray(found);
  await turns.rest();
  const keys = await loadKeys(session, found, options);
  await turns.rest();
  const order = await sortInSlices(countUp(indexes.length), comparison(criteria, keys), turns);
  for (let at = 0; at < order.length; at++) order[at] = indexes[order[at]!]!;
  return order;
}

/** For results that are kept up to date. A relevancy is not known of what comes later. */
function orderOf(indexes: Uint32Array, options: KeyOptions): ResultOrder {
  const { criteria } = options;
  const isVolatile = criteria.some((criterion) =>
    criterion.kind === 'extension' ? criterion.key.isVolatile : criterion.name === 'MODSEQ',
  );
  if (criteria.some(({ kind }) => kind === 'score')) return { indexes, isVolatile };
  return {
    indexes,
    isVolatile,
    places: (session, sorted, uids) =>
      placesAmong(session, sorted, uids, { ...options, scores: undefined, turns: new Turns() }),
  };
}
