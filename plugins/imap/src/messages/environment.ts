import type {
  CommandParameter,
  FetchItem,
  ImapReply,
  ImapSession,
  ReturnOption,
  SearchIndex,
  SearchKey,
  StoreItem,
} from '@angarium/sdk';
import type { MessageLimits } from './message-limit.js';

/** What the message commands ask of the plugin around them. Names are upper case. */
export interface MessageEnvironment {
  fetchItem(name: string): FetchItem | undefined;
  searchKey(name: string): SearchKey | undefined;
  returnOption(name: string): ReturnOption | undefined;
  parameter(command: CommandParameter['command'], name: string): CommandParameter | undefined;
  storeItem?(name: string): StoreItem | undefined;
  /** Accelerates text keys; undefined: messages are read. */
  readonly searchIndex: SearchIndex | undefined;
  /** How many messages one command may be about (RFC 9738); absent: any number. */
  readonly limits?: MessageLimits;
}

/** Nothing added by anybody. */
export const plainEnvironment: MessageEnvironment = {
  fetchItem: () => undefined,
  searchKey: () => undefined,
  returnOption: () => undefined,
  parameter: () => undefined,
  searchIndex: undefined,
};

/**
 * The command shows that the client knows mod-sequences (RFC 7162 §3.1): from here on it is told them, and now that of the
 * mailbox.
 */
export function enableCondstore(session: ImapSession, reply: ImapReply): void {
  if (session.enabled.has('CONDSTORE')) return;
  session.enable('CONDSTORE');
  reply.status('OK', 'Highest', `HIGHESTMODSEQ ${session.selected.view.highestModSeq}`);
}
