import {
  type CommandLine,
  defineImapCommand,
  type ImapCommand,
  type ImapCommandContext,
  type ImapSearch,
  type ImapSession,
  ImapSyntaxError,
  isMailError,
  type MailboxEntry,
  type ReturnRequest,
  type SearchProgram,
} from '@angarium/sdk';
import { mailboxesOf, parseSources, type Source } from './sources.js';

interface EsearchArguments {
  readonly sources: readonly Source[];
  readonly returns: ReturnRequest;
  readonly charset: string | undefined;
  readonly program: SearchProgram;
}

/** ESEARCH: RFC 7377 §2. */
export function esearchCommand(search: ImapSearch): ImapCommand<EsearchArguments> {
  return defineImapCommand({
    name: 'ESEARCH',
    rfc: 'RFC 7377 §2',
    states: ['authenticated', 'selected'],
    // Leniency: as in the RFC's own examples (RFC 7377 §2).
    hasUidForm: true,
    usesNumbers: true,
    mayExpunge: false,
    parse: (line) => parseEsearch(line, search),
    run: (context, args) => runEsearch(context, args, search),
  });
}

function parseEsearch(line: CommandLine, search: ImapSearch): EsearchArguments {
  line.sp();
  const sources = parseSources(line);
  const returns = search.parseReturn(line, 'ESEARCH') ?? search.returnAll('ESEARCH');
  let charset: string | undefined;
  if (line.tryExpect('CHARSET ')) {
    charset = line.astring();
    line.sp();
  }
  const program = search.parse(line, true);
  line.end();
  search.checkReturn(returns, program);
  // RFC 7377 §2.2.
  if (returns.names.includes('SAVE') && sources.some(({ of }) => of !== 'selected'))
    throw new ImapSyntaxError('SAVE is for the selected mailbox alone');
  return { sources, returns, charset, program };
}

async function runEsearch(
  context: ImapCommandContext,
  { sources, returns, charset, program }: EsearchArguments,
  search: ImapSearch,
): Promise<void> {
  const { session, reply, signal } = context;
  const isSelected = session.state === 'selected';
  if (!isSelected && sources.some(({ of }) => of === 'selected'))
    throw new ImapSyntaxError('No mailbox is selected');
  search.admit(context, program, returns);
  if (isSelected) await session.selected.sync(reply, { mayExpunge: false });
  try {
    for (const entry of await mailboxesOf(session, sources)) {
      // A small mailbox takes no turn of its own.
      await new Promise((resolve) => setImmediate(resolve));
      signal.throwIfAborted();
      const there = await openedOrGone(session, entry, search);
      if (there === undefined) continue;
      const scores = program.isFuzzy ? new Map<number, number>() : undefined;
      const indexes = await search.evaluate(there, program, { charset, signal, scores });
      // Nothing is said of mailboxes without a match (RFC 7377 §2.1); what is to be saved or kept up to date is done.
      const isSilent = indexes.isEmpty;
      if (isSilent && entry.id !== idOfSelected(session)) continue;
      const found = { indexes, program, charset, ...(scores && { scores }) };
      await search.answer(context, returns, found, { session: there, isSilent });
    }
  } catch (error) {
    search.failed(context, returns, error);
    throw error;
  }
}

function idOfSelected(session: ImapSession): string | undefined {
  return session.state === 'selected' ? session.selected.entry.id : undefined;
}

/** The selected mailbox as the client knows it; another one as it is now. Undefined: it has just been deleted. */
async function openedOrGone(
  session: ImapSession,
  entry: MailboxEntry,
  search: ImapSearch,
): Promise<ImapSession | undefined> {
  if (entry.id === idOfSelected(session)) return session;
  try {
    return await search.lookInto(session, entry);
  } catch (error) {
    if (isMailError(error) && error.code === 'NONEXISTENT') return undefined;
    throw error;
  }
}
