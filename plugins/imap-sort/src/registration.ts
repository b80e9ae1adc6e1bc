import {
  Component,
  IMAP_EXTENSIONS,
  IMAP_SEARCH,
  type ImapExtension,
  type ImapExtensions,
  type ImapSearch,
  inject,
  injectable,
} from '@angarium/sdk';
import { sortCommand } from './sort/command.js';
import { KeyCache } from './sort/key-cache.js';
import { threadCommand } from './thread/command.js';
import { algorithms } from './thread/parse.js';

const selectable = ['authenticated', 'selected'] as const;
const capability = (word: string) => ({ word, states: selectable });

@injectable()
export class SortRegistration extends Component {
  constructor(
    @inject(IMAP_EXTENSIONS) private readonly extensions: ImapExtensions,
    @inject(IMAP_SEARCH) private readonly search: ImapSearch,
  ) {
    super();
  }

  override start(): void {
    const cache = new KeyCache();
    this.own(this.extensions.add(sortExtension(this.search, cache, this.extensions)));
    this.own(this.extensions.add(threadExtension(this.search, cache)));
  }
}

function sortExtension(search: ImapSearch, cache: KeyCache, extensions: ImapExtensions): ImapExtension {
  const words = ['SORT', 'SORT=DISPLAY', 'SORT=MODSEQ', 'SORT=UID', 'ESORT', 'CONTEXT=SORT'];
  return {
    name: 'SORT',
    capabilities: words.map(capability),
    commands: [sortCommand(search, cache, extensions)],
  };
}

function threadExtension(search: ImapSearch, cache: KeyCache): ImapExtension {
  return {
    name: 'THREAD',
    capabilities: algorithms.map((name) => capability(`THREAD=${name}`)),
    commands: [threadCommand(search, cache)],
  };
}
