import {
  CONFIG,
  IMAP_EXTENSIONS,
  type ImapSearch,
  inject,
  injectable,
  injectOptional,
  SEARCH_INDEX,
  type SearchIndex,
} from '@angarium/sdk';
import type { ImapConfig } from './config.js';
import type { MessageEnvironment } from './messages/index.js';
import { limitsOf, type MessageLimits } from './messages/message-limit.js';
import { ExtensionRegistry, type Features } from './registry.js';
import { imapSearch } from './search/index.js';

/** What the message commands ask of the extensions that are there at the time. */
export function messageEnvironment(
  features: Features,
  searchIndex: SearchIndex | undefined,
  limits?: MessageLimits,
): MessageEnvironment {
  return {
    fetchItem: (name) => features.fetchItem(name),
    searchKey: (name) => features.searchKey(name),
    returnOption: (name) => features.returnOption(name),
    parameter: (command, name) => features.parameter(command, name),
    storeItem: (name) => features.storeItem(name),
    searchIndex,
    ...(limits === undefined ? {} : { limits }),
  };
}

/** SEARCH's criteria and answers for extensions that bring commands of their own (SORT, THREAD, ESEARCH). */
@injectable()
export class SearchProvider implements ImapSearch {
  readonly parse: ImapSearch['parse'];
  readonly parseText: ImapSearch['parseText'];
  readonly evaluate: ImapSearch['evaluate'];
  readonly parseReturn: ImapSearch['parseReturn'];
  readonly returnAll: ImapSearch['returnAll'];
  readonly checkReturn: ImapSearch['checkReturn'];
  readonly admit: ImapSearch['admit'];
  readonly answer: ImapSearch['answer'];
  readonly failed: ImapSearch['failed'];
  readonly lookInto: ImapSearch['lookInto'];
  readonly collation: ImapSearch['collation'];

  constructor(
    @inject(CONFIG) config: ImapConfig,
    @inject(IMAP_EXTENSIONS) extensions: ExtensionRegistry,
    @injectOptional(SEARCH_INDEX) searchIndex: SearchIndex | undefined,
  ) {
    const search = imapSearch(messageEnvironment(extensions, searchIndex, limitsOf(config)));
    this.parse = search.parse;
    this.parseText = search.parseText;
    this.evaluate = search.evaluate;
    this.parseReturn = search.parseReturn;
    this.returnAll = search.returnAll;
    this.checkReturn = search.checkReturn;
    this.admit = search.admit;
    this.answer = search.answer;
    this.failed = search.failed;
    this.lookInto = search.lookInto;
    this.collation = search.collation;
  }
}
