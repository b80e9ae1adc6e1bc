/** FILTERS (RFC 5466). */
import { definePlugin, part, provide, SEARCH_FILTERS } from '@angarium/sdk';
import { FilterKey } from './filter-key.js';
import { StoredFilters } from './stored-filters.js';

export default definePlugin({
  provides: [provide(SEARCH_FILTERS, StoredFilters)],
  parts: [part(FilterKey)],
});
