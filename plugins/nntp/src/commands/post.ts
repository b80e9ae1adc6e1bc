import {
  type ArgumentReader,
  CommandSyntaxError,
  defineTextCommand,
  isMailError,
  noArguments,
  ReadError,
} from '@angarium/sdk';
import { fileArticle, type Outcome } from '../post/file.js';
import { skipArticle, takeIn } from '../post/intake.js';
import type { NntpSession } from '../session.js';
import { isMessageId } from '../text.js';

/** Takes the article in and answers what became of it. @throws ReadError: the client has gone, nothing is filed */
async function receive(session: NntpSession, expectedId: string | undefined): Promise<Outcome> {
  const { connection, identity } = session;
  try {
    const article = await takeIn(session, {
      kind: expectedId === undefined ? 'poster' : 'peer',
      expectedId,
      address: connection.remote.address,
      user: session.isAuthenticated ? identity.user : '',
    });
    await using _message = article.message;
    return await fileArticle(session, article);
  } catch (error) {
    if (error instanceof ReadError) throw error;
    if (isMailError(error) && !error.temporary) return { is: 'refused', text: error.publicText };
    session.environment.log.warn('an article could not be taken', { session: connection.id, err: error });
    return { is: 'later', text: isMailError(error) ? error.publicText : 'Internal error' };
  }
}

function textOf(outcome: Outcome): string {
  if (outcome.is === 'filed') return 'Article received OK';
  return outcome.is === 'duplicate' ? 'Duplicate' : outcome.text;
}

/** RFC 3977 §6.3.1. */
export const post = defineTextCommand({
  name: 'POST',
  syntax: 'POST',
  rfc: '3977#6.3.1',
  states: 'any',
  endsPipeline: true,
  parse: noArguments,
  async run(session: NntpSession) {
    if (!session.isAuthenticated && !(await mayPostSomewhere(session))) {
      return session.deny(440, 'Posting not permitted');
    }
    session.answer(340, 'Send the article to be posted');
    session.connection.flush();
    const outcome = await receive(session, undefined);
    session.answer(outcome.is === 'filed' ? 240 : 441, textOf(outcome));
  },
});

/**
 * So that a client that has not authenticated is asked to before it has sent an article for nothing. Looked at once a session,
 * as it may cost a look at every group; what is filed is decided by the rights of the moment.
 */
async function mayPostSomewhere(session: NntpSession): Promise<boolean> {
  const { environment, identity } = session;
  if (environment.config.anonymous === 'never') return false;
  session.mayPostAnonymously ??= (await environment.groups.all()).some((group) =>
    environment.groups.mayPost(identity, group),
  );
  return session.mayPostAnonymously;
}

function messageId(args: ArgumentReader): string {
  const id = args.expectWord('Message-id');
  args.expectEnd();
  if (!isMessageId(id)) throw new CommandSyntaxError('Malformed message-id');
  return id;
}

/** RFC 3977 §6.3.2.2: once the article was sent, 437 says that it is not wanted, for whatever reason. */
const ihaveCodes = { filed: 235, duplicate: 437, later: 436, refused: 437 } as const;

/** RFC 3977 §6.3.2. */
export const ihave = defineTextCommand({
  name: 'IHAVE',
  syntax: 'IHAVE message-id',
  rfc: '3977#6.3.2',
  states: 'any',
  endsPipeline: true,
  parse: messageId,
  async run(session: NntpSession, id) {
    if (!session.isAuthenticated && !(await mayPostSomewhere(session))) return session.deny(480, '');
    const seen = await session.environment.history.look(id);
    if (seen.is === 'known') return session.answer(435, 'Article not wanted');
    if (seen.is === 'busy') return session.answer(436, 'Retry later');
    session.answer(335, 'Send the article to be transferred');
    session.connection.flush();
    const outcome = await receive(session, id);
    session.answer(ihaveCodes[outcome.is], textOf(outcome));
  },
});

/** RFC 4644 §2.4. */
export const check = defineTextCommand({
  name: 'CHECK',
  syntax: 'CHECK message-id',
  rfc: '4644#2.4',
  states: 'any',
  // RFC 4644 §2.4.2: the identifier is told back whatever it is, so that replies can be told apart.
  parse: messageId,
  async run(session: NntpSession, id) {
    if (!session.isAuthenticated && !(await mayPostSomewhere(session))) return session.deny(480, '');
    const seen = await session.environment.history.look(id);
    if (seen.is === 'known') session.reply(`438 ${id}`);
    else session.reply(`${seen.is === 'busy' ? 431 : 238} ${id}`);
  },
});

/** RFC 4644 §2.5. The article follows at once, and is read whatever is wrong. */
export const takethis = defineTextCommand({
  name: 'TAKETHIS',
  syntax: 'TAKETHIS message-id',
  rfc: '4644#2.5',
  states: 'any',
  // Nothing is refused here: the article would be taken for commands.
  parse: (args) => args.rest().trim(),
  async run(session: NntpSession, id) {
    if (!isMessageId(id)) {
      await skipArticle(session);
      return session.answer(501, 'Malformed message-id');
    }
    if (!session.isAuthenticated && !(await mayPostSomewhere(session))) {
      await skipArticle(session);
      return session.deny(480, '');
    }
    const { history } = session.environment;
    if ((await history.look(id)).is === 'known') {
      await skipArticle(session);
      return session.reply(`439 ${id}`);
    }
    const outcome = await receive(session, id);
    if (outcome.is === 'later') return giveUp(session, outcome.text);
    session.reply(`${outcome.is === 'filed' ? 239 : 439} ${id}`);
  },
});

/** RFC 4644 §2.5.2: what cannot be taken now is no refusal of the article; the peer comes again. */
function giveUp(session: NntpSession, text: string): void {
  session.answer(400, text);
  session.end();
}
