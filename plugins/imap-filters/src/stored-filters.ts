import {
  IMAP_SEARCH,
  type ImapSearch,
  ImapSyntaxError,
  inject,
  injectable,
  MAIL_STORE,
  MailError,
  type MailStore,
  type SearchFilters,
  type UserId,
} from '@angarium/sdk';

/** Server annotations (RFC 5466 §3.2). */
const PRIVATE = '/private/filters/values/';
const SHARED = '/shared/filters/values/';

/** filter-name: ATOM-CHAR without `/` (RFC 5466 §4). */
const FILTER_NAME = /^[!#$&'+,\-.0-9:;<=>?@A-Z[^_`a-z|}~]+$/;

@injectable()
export class StoredFilters implements SearchFilters {
  constructor(
    @inject(MAIL_STORE) private readonly store: MailStore,
    @inject(IMAP_SEARCH) private readonly search: ImapSearch,
  ) {}

  async find(user: UserId, name: string): Promise<Uint8Array | undefined> {
    const { catalogue } = this.store;
    const key = name.toLowerCase();
    const own = (await catalogue.metadata('server', user)).get(PRIVATE + key);
    return own ?? (await catalogue.metadata('server', undefined)).get(SHARED + key);
  }

  async set(user: UserId | undefined, name: string, criteria: Uint8Array | undefined): Promise<void> {
    if (!FILTER_NAME.test(name)) throw new MailError('CANNOT', 'No name for a filter');
    if (criteria !== undefined) this.check(criteria);
    const entry = (user === undefined ? SHARED : PRIVATE) + name.toLowerCase();
    await this.store.catalogue.setMetadata('server', user, new Map([[entry, criteria]]));
  }

  async names(user: UserId | undefined): Promise<readonly string[]> {
    const prefix = user === undefined ? SHARED : PRIVATE;
    const entries = await this.store.catalogue.metadata('server', user);
    return [...entries.keys()]
      .filter((entry) => entry.startsWith(prefix))
      .map((entry) => entry.slice(prefix.length))
      .sort();
  }

  check(criteria: Uint8Array): void {
    try {
      this.search.parseText(Buffer.from(criteria).latin1Slice());
    } catch (error) {
      if (!(error instanceof ImapSyntaxError)) throw error;
      throw new MailError('CANNOT', 'The filter is no search', { cause: error });
    }
  }
}
