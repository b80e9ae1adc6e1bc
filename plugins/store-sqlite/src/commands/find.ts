/** From what an operator typed to the mailbox. */
import { CommandError, mailboxKey, type UserId } from '@angarium/sdk';
import type { StoreEngine } from '../engine.js';
import type { Listed } from '../reading/list-cache.js';
import { parseMailboxName } from './names.js';

/** @throws CommandError when there is none. */
export function findMailbox(engine: StoreEngine, text: string): Listed {
  const found = engine.list.find(mailboxKey(parseMailboxName(text)));
  if (found === undefined) throw new CommandError(`there is no mailbox "${text}"`);
  return found;
}

/** The mailbox; or all mailboxes of the user, where a name without separators is one. */
export function findMailboxes(engine: StoreEngine, text: string): readonly Listed[] {
  if (!/[./]/.test(text.replace(/@.*$/, ''))) {
    const own = engine.catalogue.listed({ owner: text as UserId });
    if (own.length > 0) return own;
  }
  return [findMailbox(engine, text)];
}
