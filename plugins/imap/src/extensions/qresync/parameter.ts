/** The QRESYNC parameter of SELECT and EXAMINE (RFC 7162 §3.2.5, §7): what the client knew when it left. */
import { type CommandLine, type MailboxSnapshot, NumberSet, type SequenceSet, STAR } from '@angarium/sdk';

export interface KnownState {
  readonly uidValidity: number;
  readonly modSeq: number;
  /** Undefined: all up to UIDNEXT-1. */
  readonly uids: NumberSet | undefined;
  /** A sample of sequence numbers and their UIDs. */
  readonly matches: readonly MatchRun[];
}

/** Neighbours: message `number + i` had UID `uid + i`, for i below `count`. */
export interface MatchRun {
  readonly number: number;
  readonly uid: number;
  readonly count: number;
}

/** `SP "(" uidvalidity SP mod-sequence-value [SP known-uids] [SP seq-match-data] ")"`. Leniency: 0 is taken as mod-sequence. */
export function parseKnownState(line: CommandLine): KnownState {
  line.sp();
  line.expect('(');
  const uidValidity = line.nzNumber();
  line.sp();
  const modSeq = line.number64();
  let uids: NumberSet | undefined;
  let matches: readonly MatchRun[] = [];
  if (line.trySp()) {
    if (line.peek() !== '(') {
      uids = NumberSet.fromRanges(knownRanges(line));
      if (line.trySp()) matches = parseMatches(line);
    } else matches = parseMatches(line);
  }
  line.expect(')');
  return { uidValidity, modSeq, uids, matches };
}

/** sequence-set without `*` and `$`. */
function knownRanges(line: CommandLine): SequenceSet['ranges'] {
  const { ranges, isSaved } = line.sequenceSet();
  if (isSaved || ranges.some(([a, b]) => a === STAR || b === STAR)) line.fail('numbers instead of * or $');
  return ranges;
}

function parseMatches(line: CommandLine): readonly MatchRun[] {
  line.expect('(');
  const numbers = ascending(line);
  line.sp();
  const uids = ascending(line);
  line.expect(')');
  return pairUp(numbers, uids) ?? line.fail('as many UIDs as message numbers');
}

/** RFC 7162 §3.2.5.2: both in ascending order. */
function ascending(line: CommandLine): SequenceSet['ranges'] {
  let last = 0;
  const ranges = knownRanges(line);
  for (const [from, to] of ranges) {
    if (from <= last || to < from) line.fail('a set in ascending order');
    last = to;
  }
  return ranges;
}

/** Side by side; undefined when one has more numbers than the other. Cost: ranges. */
function pairUp(numbers: SequenceSet['ranges'], uids: SequenceSet['ranges']): MatchRun[] | undefined {
  const runs: MatchRun[] = [];
  let n = 0;
  let u = 0;
  let numbersDone = 0;
  let uidsDone = 0;
  while (n < numbers.length && u < uids.length) {
    const number = numbers[n]![0] + numbersDone;
    const uid = uids[u]![0] + uidsDone;
    const count = Math.min(numbers[n]![1] - number, uids[u]![1] - uid) + 1;
    runs.push({ number, uid, count });
    numbersDone += count;
    uidsDone += count;
    if (number + count > numbers[n]![1]) {
      n++;
      numbersDone = 0;
    }
    if (uid + count > uids[u]![1]) {
      u++;
      uidsDone = 0;
    }
  }
  return n === numbers.length && u === uids.length ? runs : undefined;
}

/**
 * The highest UID of the sample that is where the client has it: it knows of all that vanished up to there. 0: none.
 * In a run the mailbox's UIDs only draw ahead of the client's, so that a bisection finds the last that fits.
 */
export function lastMatch(view: MailboxSnapshot, runs: readonly MatchRun[]): number {
  for (let r = runs.length - 1; r >= 0; r--) {
    const { number, uid, count } = runs[r]!;
    let low = 0;
    let high = Math.min(count, view.count - number + 1);
    while (low < high) {
      const middle = (low + high) >> 1;
      if (view.uidAt(number - 1 + middle) <= uid + middle) low = middle + 1;
      else high = middle;
    }
    if (low > 0 && view.uidAt(number - 2 + low) === uid + low - 1) return uid + low - 1;
  }
  return 0;
}
