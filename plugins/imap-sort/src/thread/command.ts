import {
  type CommandLine,
  defineImapCommand,
  type ImapCommand,
  type ImapCommandContext,
  type ImapSearch,
  type SearchProgram,
} from '@angarium/sdk';
import { toArray } from '../numbers.js';
import type { KeyCache } from '../sort/key-cache.js';
import { Turns } from '../turns.js';
import { LineWriter } from '../write.js';
import { orderedSubject, references, refs, type Threading } from './algorithms.js';
import { type Forest, threadText } from './forest.js';
import { type Algorithm, parseAlgorithm } from './parse.js';

interface ThreadArguments {
  readonly algorithm: Algorithm;
  readonly charset: string;
  readonly program: SearchProgram;
}

const algorithms: Readonly<Record<Algorithm, (threading: Threading) => Promise<Forest>>> = {
  ORDEREDSUBJECT: orderedSubject,
  REFERENCES: references,
  REFS: refs,
};

/** THREAD and UID THREAD: RFC 5256 §3. */
export function threadCommand(search: ImapSearch, cache: KeyCache): ImapCommand<ThreadArguments> {
  return defineImapCommand({
    name: 'THREAD',
    rfc: 'RFC 5256 §3',
    states: ['selected'],
    hasUidForm: true,
    usesNumbers: true,
    mayExpunge: false,
    parse: (line, isUid) => parseThread(line, isUid, search),
    run: (context, args) => runThread(context, args, search, cache),
  });
}

function parseThread(line: CommandLine, isUid: boolean, search: ImapSearch): ThreadArguments {
  line.sp();
  const algorithm = parseAlgorithm(line);
  line.sp();
  const charset = line.astring();
  line.sp();
  const program = search.parse(line, isUid);
  line.end();
  return { algorithm, charset, program };
}

async function runThread(
  context: ImapCommandContext,
  { algorithm, charset, program }: ThreadArguments,
  search: ImapSearch,
  cache: KeyCache,
): Promise<void> {
  const { session, reply, isUid, signal } = context;
  search.admit(context, program, undefined);
  await session.selected.sync(reply, { mayExpunge: isUid, withUid: isUid });
  const indexes = await search.evaluate(session, program, { charset, signal });
  const turns = new Turns(signal);
  const comparator = search.collation(session);
  const forest = await algorithms[algorithm]({ session, indexes, comparator, cache, turns });
  const { view } = session.selected;
  const rows = toArray(indexes);
  const numberOf = (row: number): number => (isUid ? view.uidAt(rows[row]!) : rows[row]! + 1);
  const out = new LineWriter(reply);
  out.text = forest.roots.length === 0 ? '* THREAD' : '* THREAD ';
  for (const piece of threadText(forest, numberOf)) {
    out.text += piece;
    if (turns.isDue(1)) await turns.rest();
    if (out.hasEnough) await out.pass();
  }
  out.text += '\r\n';
  await out.pass();
}
