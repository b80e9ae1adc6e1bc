import {
  type CommandLine,
  defineImapCommand,
  type ImapCommand,
  type ImapCommandContext,
  ImapRefusal,
  type ImapSearch,
  ImapSyntaxError,
  isKnownCharset,
  isMailError,
  NumberSet,
  type SelectedMailbox,
} from '@angarium/sdk';
import { enableCondstore, type MessageEnvironment } from '../messages/environment.js';
import { newestIndexes, tellInPart } from '../messages/message-limit.js';
import { nextTurn, Output } from '../view/index.js';
import { commandLineFrom, LiteralWanted } from '../wire/index.js';
import { evaluate, requiredSets } from './evaluate.js';
import { expanded } from './expand.js';
import { comparatorOf } from './folding.js';
import { parseKeys } from './keys.js';
import { lookInto } from './look-into.js';
import type { Program } from './program.js';
import {
  admitReturns,
  answerReturns,
  checkReturns,
  defaultReturns,
  parseReturns,
  type Returns,
} from './returns.js';

interface SearchArguments {
  readonly charset: string | undefined;
  readonly program: Program;
  readonly returns: Returns | undefined;
}

/** SEARCH and UID SEARCH: RFC 3501 §6.4.4, MODSEQ of RFC 7162 §3.1.5, RETURN of RFC 4731 and RFC 9051 §6.4.4. */
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
    parseText: (text) => parseText(text, environment),
    evaluate: (session, program, options) =>
      evaluate(session, program as Program, {
        ...options,
        searchIndex: environment.searchIndex,
        limit: environment.limits?.messageLimit,
      }),
    parseReturn: (line, command) => parseReturns(line, command, environment),
    returnAll: () => defaultReturns(environment) ?? ({ names: [], asked: [] } as Returns),
    checkReturn: (request, program) => checkReturns(request as Returns, program),
    admit(context, program, request) {
      if (request !== undefined) admitReturns(context, request as Returns);
      if (program.usesModSeq && context.session.state === 'selected')
        enableCondstore(context.session, context.reply);
    },
    answer: (context, request, found, mailbox) => answerReturns(context, request as Returns, found, mailbox),
    failed: (context, request, error) => forgetSaved(context, request as Returns | undefined, error),
    lookInto,
    collation: comparatorOf,
  };
}

function parseText(text: string, environment: MessageEnvironment): Program {
  try {
    const line = commandLineFrom(text);
    const program = parseKeys(line, false, environment);
    line.end();
    return program;
  } catch (error) {
    if (error instanceof LiteralWanted) throw new ImapSyntaxError('a literal is cut short');
    throw error;
  }
}

function parseSearch(line: CommandLine, isUid: boolean, environment: MessageEnvironment): SearchArguments {
  line.sp();
  const returns = parseReturns(line, 'SEARCH', environment);
  let charset: string | undefined;
  if (line.tryExpect('CHARSET ')) {
    charset = line.astring();
    line.sp();
  }
  const program = parseKeys(line, isUid, environment);
  line.end();
  if (returns !== undefined) checkReturns(returns, program);
  return { charset, program, returns };
}

async function runSearch(
  context: ImapCommandContext,
  args: SearchArguments,
  environment: MessageEnvironment,
): Promise<void> {
  const { session, reply, isUid, signal } = context;
  const { selected } = session;
  const { charset } = args;
  // RFC 6855 §3: everything is UTF-8 then.
  if (charset !== undefined && session.enabled.has('UTF8=ACCEPT'))
    throw new ImapSyntaxError('CHARSET has no place after ENABLE UTF8=ACCEPT');
  const isRev2 = session.enabled.has('IMAP4REV2');
  const returns = args.returns ?? (isRev2 ? defaultReturns(environment) : undefined);
  if (returns !== undefined) admitReturns(context, returns);
  await selected.sync(reply, { mayExpunge: isUid && !args.program.usesNumbers, withUid: isUid });
  try {
    if (charset !== undefined && !isKnownCharset(charset))
      throw new ImapRefusal('NO', 'BADCHARSET (US-ASCII UTF-8 ISO-8859-1)', 'The charset is not known');
    const program = await expanded(session, args.program, charset);
    if (program.usesModSeq) enableCondstore(session, reply);
    const scores = program.isFuzzy && returns !== undefined ? new Map<number, number>() : undefined;
    const { searchIndex, limits } = environment;
    // Of those that can match at all: a client goes on with UIDBEFORE.
    const limited = newestIndexes(limits?.messageLimit, requiredSets(session, program.root), selected);
    const within = limited.code === undefined ? undefined : limited.left;
    tellInPart(reply, limited, false);
    const indexes = await evaluate(session, program, { charset, signal, within, searchIndex, scores });
    if (returns === undefined) {
      const modSeq = program.usesModSeq ? highestModSeq(selected, indexes) : undefined;
      await writeResult(context, indexes, modSeq);
      return;
    }
    const found = { indexes, program, charset, ...(scores && { scores }) };
    await answerReturns(context, returns, found);
  } catch (error) {
    forgetSaved(context, returns, error);
    throw error;
  }
}

/** A SEARCH with SAVE that ends with NO leaves nothing saved (RFC 5182 §2.1). */
function forgetSaved({ session }: ImapCommandContext, returns: Returns | undefined, error: unknown): void {
  const isNo = isMailError(error) || (error instanceof ImapRefusal && error.kind === 'NO');
  if (isNo && returns?.names.includes('SAVE') && session.state === 'selected')
    session.selected.savedResult = NumberSet.empty;
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
  indexes: NumberSet,
  modSeq: number | undefined,
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
