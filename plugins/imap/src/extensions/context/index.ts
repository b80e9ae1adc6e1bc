/** CONTEXT=SEARCH (RFC 5267 §4): UPDATE keeps results up to date. CONTEXT=SORT is the same options in SORT. */
import {
  defineImapCommand,
  type ImapExtension,
  type ImapSession,
  ImapSyntaxError,
  isMailError,
  type ReturningCommand,
  type ReturnOption,
  type SelectedMailbox,
  type UpdateFilter,
} from '@angarium/sdk';
import { UpdateContext } from './context.js';

/** Each is looked at for every change of the mailbox, and keeps its result. */
const MAX_CONTEXTS = 16;

const commands: readonly ReturningCommand[] = ['SEARCH', 'SORT', 'ESEARCH'];

/** Updates cease when the mailbox is no longer selected (RFC 5267 §4.3). */
interface Contexts {
  of: SelectedMailbox | undefined;
  readonly byTag: Map<string, UpdateContext>;
}

const local = Symbol('contexts');

function contextsOf(session: ImapSession): Contexts {
  const contexts = session.local<Contexts>(local, () => ({ of: undefined, byTag: new Map() }));
  const selected = session.state === 'selected' ? session.selected : undefined;
  if (contexts.of !== selected) {
    contexts.byTag.clear();
    contexts.of = selected;
  }
  return contexts;
}

/** A hint that the same search may come again. Nothing is kept for it: the search itself is fast (RFC 5267 §4.2). */
const context: ReturnOption = { name: 'CONTEXT', commands };

const update: ReturnOption = {
  name: 'UPDATE',
  commands,
  refuseUse({ session, tag }) {
    if (session.state !== 'selected') throw new ImapSyntaxError('UPDATE is about the selected mailbox');
    if (contextsOf(session).byTag.has(tag)) throw new ImapSyntaxError('the tag is in use by UPDATE');
  },
  after(context) {
    const { tag, reply, session } = context.command;
    // ESEARCH across mailboxes: of the selected one alone (RFC 7377 §2.2).
    if (context.session.selected.entry.id !== session.selected.entry.id) return;
    const { byTag } = contextsOf(session);
    const { order } = context.result;
    const isUnknown = order !== undefined && order.places === undefined;
    if (isUnknown || byTag.size >= MAX_CONTEXTS) {
      const text = isUnknown
        ? 'This order is not kept up to date'
        : `At most ${MAX_CONTEXTS} results are kept up to date`;
      reply.status('NO', text, `NOUPDATE ${reply.quote(tag)}`);
      return;
    }
    byTag.set(tag, new UpdateContext(tag, context));
  },
};

const cancelUpdate = defineImapCommand({
  name: 'CANCELUPDATE',
  rfc: 'RFC 5267 §4.3.5',
  states: ['selected'],
  parse(line) {
    const tags: string[] = [];
    do {
      line.sp();
      tags.push(line.string());
    } while (!line.isAtEnd);
    return tags;
  },
  async run({ session, reply }, tags) {
    const { byTag } = contextsOf(session);
    const isKnown = tags.map((tag) => byTag.delete(tag));
    if (isKnown.includes(false)) reply.failed('No result is kept up to date under such a tag');
    else reply.completed('No further updates');
  },
});

const follow: UpdateFilter = {
  isActive: (session) => contextsOf(session).byTag.size > 0,
  expunging(session, reply, uids) {
    for (const kept of contextsOf(session).byTag.values()) kept.remove(session, reply, uids);
  },
  async told(session, reply, changed) {
    const { byTag } = contextsOf(session);
    for (const [tag, kept] of byTag) {
      try {
        await kept.update(session, reply, changed);
      } catch (error) {
        // What cannot be read now cannot be kept up to date; the session goes on.
        if (!isMailError(error)) throw error;
        byTag.delete(tag);
        reply.status('NO', 'The result is not kept up to date any more', `NOUPDATE ${reply.quote(tag)}`);
      }
    }
  },
};

export const contextExtension: ImapExtension = {
  name: 'CONTEXT=SEARCH',
  capabilities: [{ word: 'CONTEXT=SEARCH', states: ['authenticated', 'selected'] }],
  commands: [cancelUpdate],
  returnOptions: [context, update],
  updateFilters: [follow],
};
