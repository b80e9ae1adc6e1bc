import {
  type CommandLine,
  IMAP_EXTENSIONS,
  type ImapSearch,
  inject,
  injectable,
  injectOptional,
  SEARCH_INDEX,
  type SearchIndex,
} from '@angarium/sdk';
import type { MessageEnvironment } from './messages/index.js';
import { ExtensionRegistry, type Features } from './registry.js';
import { imapSearch } from './search/index.js';

/** What the message commands ask of the extensions that are there at the time. */
export function messageEnvironment(
  features: Features,
  searchIndex: SearchIndex | undefined,
): MessageEnvironment {
  return {
    fetchItem: (name) => features.fetchItem(name),
    searchKey: (name) => features.searchKey(name),
    parameter: (command, name) => features.parameter(command, name),
    storeItem: (name) => features.storeItem(name),
    searchIndex,
  };
}

/** SEARCH's criteria for extensions that bring commands of their own (SORT, THREAD). */
@injectable()
export class SearchProvider implements ImapSearch {
  private readonly search: ImapSearch;

  constructor(
    @inject(IMAP_EXTENSIONS) extensions: ExtensionRegistry,
    @injectOptional(SEARCH_INDEX) searchIndex: SearchIndex | undefined,
  ) {
    this.search = imapSearch(messageEnvironment(extensions, searchIndex));
  }

  parse(line: CommandLine, isUid: boolean): ReturnType<ImapSearch['parse']> {
    return this.search.parse(line, isUid);
  }

  evaluate(...args: Parameters<ImapSearch['evaluate']>): ReturnType<ImapSearch['evaluate']> {
    return this.search.evaluate(...args);
  }
}
