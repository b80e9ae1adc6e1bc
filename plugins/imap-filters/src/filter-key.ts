import {
  Component,
  IMAP_EXTENSIONS,
  IMAP_SEARCH,
  type ImapExtensions,
  ImapRefusal,
  type ImapSearch,
  ImapSyntaxError,
  inject,
  injectable,
  SEARCH_FILTERS,
  type SearchFilters,
  type SearchKey,
} from '@angarium/sdk';

/** Substitutions of filters in filters; RFC 5466 §3.1 wants three. What goes on is a loop, or as good as one. */
const MAX_ROUNDS = 4;

/** FILTER name: RFC 5466 §3.1. */
@injectable()
export class FilterKey extends Component {
  constructor(
    @inject(IMAP_EXTENSIONS) private readonly extensions: ImapExtensions,
    @inject(IMAP_SEARCH) private readonly search: ImapSearch,
    @inject(SEARCH_FILTERS) private readonly filters: SearchFilters,
  ) {
    super();
  }

  override start(): void {
    this.own(
      this.extensions.add({
        name: 'FILTERS',
        capabilities: [{ word: 'FILTERS', states: ['authenticated', 'selected'] }],
        searchKeys: [this.key()],
      }),
    );
  }

  private key(): SearchKey {
    return {
      name: 'FILTER',
      needs: 'index',
      parse(line) {
        line.sp();
        const name = line.atom();
        if (name.includes('/')) line.fail('a filter without /');
        return name;
      },
      expand: async (session, args, round) => {
        const name = args as string;
        const criteria =
          round < MAX_ROUNDS ? await this.filters.find(session.identity.user, name) : undefined;
        if (criteria === undefined) throw undefinedFilter(name, 'There is no such filter');
        try {
          return this.search.parseText(Buffer.from(criteria).latin1Slice());
        } catch (error) {
          if (!(error instanceof ImapSyntaxError)) throw error;
          throw undefinedFilter(name, 'The filter is no search');
        }
      },
    };
  }
}

function undefinedFilter(name: string, text: string): ImapRefusal {
  return new ImapRefusal('NO', `UNDEFINED-FILTER ${name}`, text);
}
