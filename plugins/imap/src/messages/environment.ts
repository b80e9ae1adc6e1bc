import type {
  CommandParameter,
  FetchItem,
  ImapReply,
  ImapSession,
  SearchIndex,
  SearchKey,
  StoreItem,
} from '@angarium/sdk';

/** What the message commands ask of the plugin around them. Names are upper case. */
export interface MessageEnvironment {
  fetchItem(name: string): FetchItem | undefined;
  searchKey(name: string): SearchKey | undefined;
  parameter(command: CommandParameter['command'], name: string): CommandParameter | undefined;
  storeItem?(name: string): StoreItem | undefined;
  /** Accelerates text keys; undefined: messages are read. */
  readonly searchIndex: SearchIndex | undefined;
}

/** Nothing added by anybody. */
export const plainEnvironment: MessageEnvironment = {
  fetchItem: () => undefined,
  searchKey: () => undefined,
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
