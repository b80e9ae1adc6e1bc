/** listmailbox, and what expands `*` and `%` in names for other commands. */
import { type Answer, astring, type ImapClient } from '../imap/client.js';
import { decodeName, encodeName } from '../imap/mod-utf7.js';
import { listOf, textOf, type Value } from '../imap/response.js';
import { type Builtin, CommandFailed, clientOf, parseOptions, type Run } from '../shell/builtin.js';

export interface ListedMailbox {
  readonly name: string;
  readonly flags: readonly string[];
  /** Extended data (RFC 5258 §3), as Cyrus shows it; undefined: none. */
  readonly extended: string | undefined;
}

export interface Selection {
  readonly isSubscribed?: boolean;
  readonly isSpecialUse?: boolean;
  readonly isRecursive?: boolean;
}

export function isPattern(text: string): boolean {
  return /[*%]/.test(text);
}

/** @throws CommandFailed */
export async function listMailboxes(
  client: ImapClient,
  pattern: string,
  base = '',
  selection: Selection = {},
): Promise<ListedMailbox[]> {
  const isExtended = client.has('LIST-EXTENDED');
  const hasUse = client.has('SPECIAL-USE');
  const { isSubscribed = false, isSpecialUse = false, isRecursive = false } = selection;
  if (isSpecialUse && !hasUse) throw new CommandFailed('Remote does not support SPECIAL-USE.');
  if ((isSpecialUse || isRecursive) && !isExtended)
    throw new CommandFailed('Remote does not support LIST-EXTENDED.');
  // Subscriptions alone: LSUB, which every server has.
  const isLsub = isSubscribed && !isSpecialUse && !isRecursive;
  const select = [
    ...(isRecursive ? ['RECURSIVEMATCH'] : []),
    ...(isSubscribed ? ['SUBSCRIBED'] : []),
    ...(isSpecialUse ? ['SPECIAL-USE'] : []),
  ];
  const names = [astring(encodeName(base)), patternPiece(pattern)];
  const command = isLsub
    ? ['LSUB', ...names]
    : [
        'LIST',
        ...(select.length > 0 ? [`(${select.join(' ')})`] : []),
        ...names,
        ...(isExtended ? [`RETURN (SUBSCRIBED${hasUse ? ' SPECIAL-USE' : ''})`] : []),
      ];
  const answer = await client.command(command);
  if (answer.kind !== 'OK') throw new CommandFailed(answer.text);
  return listed(answer, isLsub ? 'LSUB' : 'LIST');
}

/** `*` and `%` may stand in a list-mailbox as they are; quoting them is always legal. */
function patternPiece(pattern: string): ReturnType<typeof astring> {
  return { string: encodeName(pattern), isNstring: true };
}

function listed({ untagged }: Answer, name: string): ListedMailbox[] {
  return untagged
    .filter((line) => line.name === name)
    .map(({ values: [flags, _separator, mailbox, extended] }) => ({
      name: decodeName(textOf(mailbox)),
      flags: listOf(flags).map(textOf),
      extended: listOf(extended).length === 0 ? undefined : shown(extended!).slice(1, -1),
    }));
}

function shown(value: Value): string {
  if (value === null) return 'NIL';
  return typeof value === 'string' ? `"${value}"` : `(${value.map(shown).join(' ')})`;
}

/** Every mailbox that matches and can be opened: prints what is done and how it went, stops at the first that fails. */
export async function eachMatching(
  run: Run,
  client: ImapClient,
  pattern: string,
  doing: string,
  work: (name: string) => Promise<unknown>,
): Promise<void> {
  for (const { name, flags } of await listMailboxes(client, pattern)) {
    if (flags.some((flag) => /^\\(noselect|nonexistent|placeholder)$/i.test(flag))) continue;
    run.out.write(`${doing} ${name}...`);
    try {
      await work(name);
    } catch (error) {
      if (!(error instanceof CommandFailed)) throw error;
      run.out.write(`${error.message.replace(/^\w+: /, '')}\n`);
      throw new CommandFailed('');
    }
    run.out.write('OK.\n');
  }
}

const usage = 'listmailbox [-subscribed] [-specialuse] [pattern [base]]';

export const listCommand: Builtin = {
  name: 'listmailbox',
  aliases: ['lm'],
  usage: '[-subscribed] [-specialuse] [pattern [base]]',
  summary: 'list mailboxes',
  completes: 'mailbox',
  async run(run) {
    const known = { subscribed: false, specialuse: false, recursivematch: false };
    const { flags, rest } = parseOptions(run.args, known, usage);
    if (rest.length > 2) throw new CommandFailed(`usage: ${usage}`);
    const client = clientOf(run, 'listmailbox');
    const mailboxes = await listMailboxes(client, rest[0] ?? '*', rest[1], {
      isSubscribed: flags.has('subscribed'),
      isSpecialUse: flags.has('specialuse'),
      isRecursive: flags.has('recursivematch'),
    });
    const texts = mailboxes.map(({ name, flags: own, extended }) =>
      [name, ...(own.length > 0 ? [`(${own.join(' ')})`] : []), ...(extended ? [`(${extended})`] : [])].join(
        ' ',
      ),
    );
    const width = Number(run.shell.env['COLUMNS']) || 79;
    run.out.write(inColumns(texts.sort(byCodeUnit), width));
  },
};

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** As wide as the widest and a blank, downwards first, each padded: Cyrus's layout to the blank. */
function inColumns(texts: readonly string[], screen: number): string {
  if (texts.length === 0) return '';
  const width = Math.min(screen, Math.max(...texts.map(({ length }) => length + 1)));
  const columns = Math.floor(screen / width);
  const rows = Math.floor((texts.length + columns - 1) / columns);
  let page = '';
  for (let row = 0; row < rows; row++) {
    for (let at = row; at < texts.length; at += rows)
      page += texts[at]! + ' '.repeat(Math.max(0, width + 1 - texts[at]!.length));
    page += '\n';
  }
  return page;
}
