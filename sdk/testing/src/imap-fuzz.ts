/** Fuzzing a session with all the commands of a registry, so that whatever an extension adds is covered without being told. */
import type { ImapCommand, ImapExtensions, ImapState } from '@angarium/sdk';
import type { ImapTestClient } from './clients/imap.js';
import { type Pick as Chance, sampleArguments, type Vocabulary } from './imap-grammar.js';
import { mutated, unasked } from './imap-mutations.js';

const searchWords = [
  ...['ALL', 'SEEN', 'UNSEEN', 'RECENT', 'NEW', 'OLD', 'DELETED', 'DRAFT', 'FLAGGED', 'ANSWERED'],
  ...[
    'NOT',
    'OR',
    'UID',
    'KEYWORD',
    'UNKEYWORD',
    'BEFORE',
    'ON',
    'SINCE',
    'SENTBEFORE',
    'SENTON',
    'SENTSINCE',
  ],
  ...['LARGER', 'SMALLER', 'FROM', 'TO', 'CC', 'BCC', 'SUBJECT', 'HEADER', 'BODY', 'TEXT', 'MODSEQ'],
];
const fetchWords = [
  ...[
    'FLAGS',
    'UID',
    'RFC822.SIZE',
    'INTERNALDATE',
    'MODSEQ',
    'ENVELOPE',
    'BODY',
    'BODYSTRUCTURE',
    'BODY.PEEK',
  ],
  ...['RFC822', 'RFC822.HEADER', 'RFC822.TEXT', 'ALL', 'FAST', 'FULL'],
];

const sortWords = ['ARRIVAL', 'CC', 'DATE', 'FROM', 'REVERSE', 'SIZE', 'SUBJECT', 'TO'];

const notifyWords = [
  ...[
    'SET',
    'NONE',
    'STATUS',
    'selected',
    'selected-delayed',
    'personal',
    'inboxes',
    'subscribed',
    'subtree',
  ],
  ...['mailboxes', 'MessageNew', 'MessageExpunge', 'FlagChange', 'MailboxName', 'SubscriptionChange'],
];

/** What this registry knows, by kind. */
export function imapVocabulary({ extensions }: Pick<ImapExtensions, 'extensions'>): Vocabulary {
  const namesOf = (kind: 'fetchItems' | 'searchKeys' | 'statusItems' | 'listOptions' | 'enable'): string[] =>
    extensions.flatMap((extension) => (extension[kind] ?? []).map(({ name }) => name.toUpperCase()));
  const parameters = extensions.flatMap((extension) => extension.parameters ?? []);
  const parametersOf = (...commands: readonly string[]): string[] =>
    parameters.filter(({ command }) => commands.includes(command)).map(({ name }) => name.toUpperCase());
  return {
    words: [
      // `THREAD=REFERENCES`, `SORT=DISPLAY`, `COMPRESS=DEFLATE`: the value is a keyword of the grammar.
      extensions
        .flatMap(({ capabilities = [] }) => capabilities)
        .flatMap(({ word }) => word.split('=').slice(1)),
      sortWords,
      notifyWords,
      ['FLAGS', 'FLAGS.SILENT'],
      [...searchWords, ...namesOf('searchKeys'), ...parametersOf('SEARCH')],
      [...fetchWords, ...namesOf('fetchItems'), 'CHANGEDSINCE', ...parametersOf('FETCH')],
      namesOf('statusItems'),
      [...namesOf('listOptions'), 'RETURN'],
      namesOf('enable'),
      [...parametersOf('SELECT', 'CREATE', 'APPEND', 'STORE'), 'UNCHANGEDSINCE', 'DEFLATE', 'PLAIN'],
    ].filter((words) => words.length > 0),
    mailboxes: [
      'INBOX',
      'inbox',
      'INBOX.a',
      'INBOX.a.b',
      'INBOX.&AOQ-',
      'INBOX.none',
      '',
      '&AGE-',
      'INBOX.&',
      'user.joe',
      'a b',
    ],
  };
}

/** A command, plain or behind UID. */
export interface ImapForm {
  readonly command: ImapCommand<unknown>;
  readonly isUid: boolean;
}

/** Every command in each of its forms. */
export function imapForms({ extensions }: Pick<ImapExtensions, 'extensions'>): ImapForm[] {
  return extensions
    .flatMap(({ commands = [] }) => commands)
    .flatMap((command) => [
      { command, isUid: false },
      ...(command.hasUidForm === true ? [{ command, isUid: true }] : []),
    ]);
}

/** They end the session, or make the wire another. */
const leaving: ReadonlySet<string> = new Set(['LOGOUT', 'COMPRESS', 'STARTTLS', 'UNAUTHENTICATE']);

/** A command as it is sent, without tag; literals come unasked. */
export interface FuzzedCommand {
  readonly name: string;
  readonly text: string;
}

/** Commands for a state, and now and then one that is not; a third as they should be, the others gone wrong. */
export function fuzzedCommands(
  registry: Pick<ImapExtensions, 'extensions'>,
  state: ImapState,
  count: number,
  pick: Chance,
): FuzzedCommand[] {
  const vocabulary = imapVocabulary(registry);
  const forms = imapForms(registry).filter(
    ({ command }) => !leaving.has(command.name) && (command.states.includes(state) || pick(8) === 0),
  );
  return Array.from({ length: count }, () => {
    const { command, isUid } = forms[pick(forms.length)]!;
    const name = isUid ? `UID ${command.name}` : command.name;
    const whole = name + (sampleArguments(command, isUid, vocabulary, pick) ?? ' x');
    return { name, text: unasked(pick(3) === 0 ? whole : mutated(whole, pick)) };
  });
}

/**
 * Sends it, and a NOOP behind it. 'alive': both have been answered. 'silent': only the NOOP. 'over': the session has ended with BYE,
 * whose text is in `bye`. Hangs when the session does.
 */
export async function sendFuzzed(
  client: ImapTestClient,
  { text }: FuzzedCommand,
  tag: string,
): Promise<{ readonly is: 'alive' | 'silent' | 'over'; readonly bye?: string }> {
  // DONE for IDLE, a wrong response for AUTHENTICATE; for all others a wrong command.
  client.send(Buffer.from(`${tag} ${text}DONE\r\n${tag}z NOOP\r\n`, 'latin1'));
  let isAnswered = false;
  for (;;) {
    const line = await client.line();
    if (/^\* BYE /.test(line)) return { is: 'over', bye: line };
    if (line.startsWith(`${tag}z OK`)) return { is: isAnswered ? 'alive' : 'silent' };
    if (/^\S+ (OK|NO|BAD) /.test(line)) isAnswered = true;
  }
}
