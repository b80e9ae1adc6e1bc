/** The extensions of SEARCH, in the order in which CAPABILITY lists them. */
import type { Clock, ImapExtension } from '@angarium/sdk';
import { contextExtension } from './context/index.js';
import { esearchExtension } from './esearch/index.js';
import { fuzzyExtension } from './fuzzy/index.js';
import { i18nLevelExtension } from './i18nlevel/index.js';
import { mimePartExtension } from './mimepart/index.js';
import { partialExtension } from './partial/index.js';
import { searchresExtension } from './searchres/index.js';
import { withinExtension } from './within/index.js';

export function searchingExtensions(clock: Clock): readonly ImapExtension[] {
  return [
    esearchExtension,
    searchresExtension,
    withinExtension(clock),
    partialExtension,
    contextExtension,
    fuzzyExtension,
    mimePartExtension,
    i18nLevelExtension,
  ];
}
