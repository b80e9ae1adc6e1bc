/** `RETURN (…)`: what a searching command is asked to answer (RFC 4466 §2.6.1), and the ESEARCH response to it. */
import {
  type CommandLine,
  type FoundMessages,
  type ImapCommandContext,
  type ImapSession,
  ImapSyntaxError,
  NumberSet,
  type ReturnContext,
  type ReturningCommand,
  type ReturnOption,
  type ReturnRequest,
} from '@angarium/sdk';
import type { MessageEnvironment } from '../messages/environment.js';
import { resultList } from './results.js';

interface Asked {
  readonly option: ReturnOption;
  readonly args: unknown;
}

/** A request of this plugin. */
export interface Returns extends ReturnRequest {
  readonly asked: readonly Asked[];
}

/** More than there are. */
const MAX_OPTIONS = 32;

/** `RETURN (…) ` or undefined; consumes nothing then. `RETURN ()` is `RETURN (ALL)` (RFC 4731 §3.1). */
export function parseReturns(
  line: CommandLine,
  command: ReturningCommand,
  environment: MessageEnvironment,
): Returns | undefined {
  if (environment.returnOption('ALL') === undefined || !line.tryExpect('RETURN ')) return undefined;
  const asked = new Map<string, Asked>();
  let count = 0;
  line.list(() => {
    const name = line.itemName();
    const option = environment.returnOption(name);
    if (option === undefined || !option.commands.includes(command))
      return line.fail(`a RETURN option of ${command} instead of ${name}`);
    const first = asked.get(name);
    const args = option.parse?.(line);
    if (first !== undefined && option.excludes?.includes(name)) line.fail(`${name} once`);
    if (++count > MAX_OPTIONS) line.fail(`at most ${MAX_OPTIONS} RETURN options`);
    asked.set(name, { option, args });
  }, 0);
  for (const [name, { option }] of asked) {
    const other = option.excludes?.find((excluded) => excluded !== name && asked.has(excluded));
    if (other !== undefined) line.fail(`${name} or ${other}, not both`);
  }
  line.sp();
  return asked.size === 0
    ? defaultReturns(environment)
    : { names: [...asked.keys()], asked: [...asked.values()] };
}

/** RETURN (ALL): of an empty list, and of IMAP4rev2 without one (RFC 9051 §6.4.4). */
export function defaultReturns(environment: MessageEnvironment): Returns | undefined {
  const option = environment.returnOption('ALL');
  return option === undefined ? undefined : { names: ['ALL'], asked: [{ option, args: undefined }] };
}

/** @throws ImapSyntaxError */
export function checkReturns({ asked }: Returns, program: FoundMessages['program']): void {
  for (const { option } of asked) {
    const reason = option.refuse?.(program);
    if (reason !== undefined) throw new ImapSyntaxError(reason);
  }
}

/** @throws ImapSyntaxError */
export function admitReturns(command: ImapCommandContext, { asked }: Returns): void {
  for (const { option } of asked) option.refuseUse?.(command);
}

/** Writes the response and does what the options do beside it. */
export async function answerReturns(
  command: ImapCommandContext,
  { asked }: Returns,
  found: FoundMessages,
  elsewhere?: { readonly session: ImapSession; readonly isSilent?: boolean },
): Promise<void> {
  const session = elsewhere?.session ?? command.session;
  const { view, entry } = session.selected;
  const isUid = command.isUid || elsewhere !== undefined;
  const results = resultList(view, found, isUid);
  const context: ReturnContext = {
    command,
    session,
    program: found.program,
    charset: found.charset,
    result: found,
    results,
    covered: coveredBy(asked, found, results),
  };
  const { reply, tag } = command;
  if (!elsewhere?.isSilent && asked.some(({ option }) => !option.isSilent)) {
    const of =
      elsewhere === undefined
        ? ''
        : ` MAILBOX ${reply.mailbox(entry.name)} UIDVALIDITY ${view.head.uidValidity}`;
    let text = `* ESEARCH (TAG ${reply.quote(tag)}${of})${isUid ? ' UID' : ''}`;
    for (const { option, args } of asked) {
      const data = option.tell?.(context, args) ?? '';
      if (data !== '') text += ` ${data}`;
    }
    const modSeq = found.program.usesModSeq ? highestModSeq(context) : undefined;
    if (modSeq !== undefined) text += ` MODSEQ ${modSeq}`;
    if (!reply.write(`${text}\r\n`)) await reply.drain();
  }
  for (const { option, args } of asked) await option.after?.(context, args);
}

function coveredBy(
  asked: readonly Asked[],
  { indexes }: FoundMessages,
  { count, indexesAt }: ReturnContext['results'],
): NumberSet {
  let covered: NumberSet | undefined;
  for (const { option, args } of asked) {
    for (const [from, to] of option.covers?.(count, args) ?? []) {
      covered = (covered ?? NumberSet.empty).union(indexesAt(from, to));
    }
    if (option.covers !== undefined) covered ??= NumberSet.empty;
  }
  return covered ?? indexes;
}

/** RFC 4731 §3.2, RFC 7162 §3.1.5. */
function highestModSeq({ session, covered }: ReturnContext): number | undefined {
  let highest: number | undefined;
  session.selected.view.eachRun(covered, (chunk, from, to) => {
    for (let at = from; at < to; at++) highest = Math.max(highest ?? 0, chunk.modseqs[at]!);
  });
  return highest;
}
