import {
  type CommandLine,
  type CommandParameter,
  defineImapCommand,
  type ImapCommand,
  type ImapCommandContext,
  type ImapSearch,
  ImapSyntaxError,
  isKnownCharset,
  NumberSet,
  type SearchResult,
  type SelectedMailbox,
} from '@angarium/sdk';
import { enableCondstore, type MessageEnvironment } from '../messages/environment.js';
import { newestWithin } from '../messages/message-limit.js';
import { nextTurn, Output } from '../view/index.js';
import { evaluate } from './evaluate.js';
import { parseKeys } from './keys.js';
import type { Program } from './program.js';

interface SearchArguments {
  readonly charset: string | undefined;
  readonly program: Program;
  readonly parameters: readonly { readonly parameter: CommandParameter; readonly args: unknown }[];
}

/** SEARCH and UID SEARCH: RFC 3501 §6.4.4, MODSEQ of RFC 7162 §3.1.5. */
export function searchCommand(environment: MessageEnvironment): ImapCommand<SearchArguments> {
  return defineImapCommand({
    name: 'SEARCH',
    rfc: 'RFC 3501 §6.4.4',
    states: ['selected'],
    hasUidForm: true,
    usesNumbers: true,
    mayExpunge: false,
    hasNumbers: ({ program }) => program.usesNumbers,
    parse: (line, isUid) => parseSearch(line, isUid, environment),
    run: (context, args) => runSearch(context, args, environment),
  });
}

/** What extensions search with. */
export function imapSearch(environment: MessageEnvironment): ImapSearch {
  return {
    parse: (line, isUid) => parseKeys(line, isUid, environment),
    evaluate: (session, program, options) =>
      evaluate(session, program as Program, { ...options, searchIndex: environment.searchIndex }),
  };
}

function parseSearch(line: CommandLine, isUid: boolean, environment: MessageEnvironment): SearchArguments {
  const parameters: { parameter: CommandParameter; args: unknown }[] = [];
  const returning = environment.parameter('SEARCH', 'RETURN');
  line.sp();
  if (returning !== undefined && line.tryExpect('RETURN ')) {
    parameters.push({ parameter: returning, args: returning.parse?.(line) });
    line.sp();
  }
  let charset: string | undefined;
  if (line.tryExpect('CHARSET ')) {
    charset = line.astring();
    line.sp();
  }
  const program = parseKeys(line, isUid, environment);
  line.end();
  return { charset, program, parameters };
}

async function runSearch(
  context: ImapCommandContext,
  { charset, program, parameters }: SearchArguments,
  { searchIndex, messageLimit }: MessageEnvironment,
): Promise<void> {
  const { session, reply, isUid, signal } = context;
  const { selected } = session;
  // RFC 6855 §3: everything is UTF-8 then.
  if (charset !== undefined && session.enabled.has('UTF8=ACCEPT'))
    throw new ImapSyntaxError('CHARSET has no place after ENABLE UTF8=ACCEPT');
  if (charset !== undefined && !isKnownCharset(charset)) {
    reply.failed('The charset is not known', 'BADCHARSET (US-ASCII UTF-8 ISO-8859-1)');
    return;
  }
  if (program.usesModSeq) enableCondstore(session, reply);
  await selected.sync(reply, { mayExpunge: isUid && !program.usesNumbers, withUid: isUid });
  const everything = NumberSet.range(0, selected.view.count - 1);
  const limited = newestWithin(messageLimit, everything, selected);
  if (limited.code !== undefined) reply.completed('Completed in part', limited.code);
  const within = limited.code === undefined ? undefined : limited.indexes;
  let indexes = await evaluate(session, program, { charset, signal, within, searchIndex });
  const scope = { isUid, set: undefined, changedSince: undefined };
  for (const { parameter, args } of parameters) {
    if (parameter.narrow !== undefined)
      indexes = await parameter.narrow(session, indexes, args, reply, scope);
  }
  const modSeq = program.usesModSeq ? highestModSeq(selected, indexes) : undefined;
  const result: SearchResult = { indexes, modSeq };
  for (const { parameter, args } of parameters) {
    if (parameter.answerSearch !== undefined) return parameter.answerSearch(context, result, args);
  }
  await writeResult(context, result);
}

function highestModSeq(selected: SelectedMailbox, indexes: NumberSet): number | undefined {
  let highest: number | undefined;
  selected.view.eachRun(indexes, (chunk, from, to) => {
    for (let at = from; at < to; at++) highest = Math.max(highest ?? 0, chunk.modseqs[at]!);
  });
  return highest;
}

async function writeResult(
  { session, reply, isUid }: ImapCommandContext,
  { indexes, modSeq }: SearchResult,
): Promise<void> {
  const { view } = session.selected;
  const out = new Output(reply);
  out.text = '* SEARCH';
  const numbers = isUid ? view.uidsAt(indexes) : indexes;
  const offset = isUid ? 0 : 1;
  for (const number of numbers) {
    out.text += ` ${number + offset}`;
    if (!out.hasEnough) continue;
    await out.pass();
    await nextTurn();
  }
  out.text += modSeq === undefined ? '\r\n' : ` (MODSEQ ${modSeq})\r\n`;
  await out.pass();
}
