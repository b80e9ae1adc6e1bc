/** IMAP4rev1 (RFC 3501), and the registry that its extensions grow on. */
import {
  definePlugin,
  IMAP_EXTENSIONS,
  IMAP_FETCH,
  IMAP_LISTING,
  IMAP_PARTS,
  IMAP_SEARCH,
  part,
  provide,
} from '@angarium/sdk';
import { PartProvider } from './fetch/parts.js';
import { FetchProvider } from './fetch/provider.js';
import { ListingProvider } from './listing/provider.js';
import { ExtensionRegistry } from './registry.js';
import { SearchProvider } from './search-provider.js';
import { ImapService } from './service.js';

export default definePlugin({
  provides: [
    provide(IMAP_EXTENSIONS, ExtensionRegistry),
    provide(IMAP_SEARCH, SearchProvider),
    provide(IMAP_PARTS, PartProvider),
    provide(IMAP_LISTING, ListingProvider),
    provide(IMAP_FETCH, FetchProvider),
  ],
  parts: [part(ImapService)],
});
