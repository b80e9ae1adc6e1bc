/** METADATA, METADATA-SERVER (RFC 5464), LIST-METADATA (RFC 9590) and the draft before them. */
import { definePlugin, part } from '@angarium/sdk';
import { MetadataImap } from './metadata.js';

export default definePlugin({ parts: [part(MetadataImap)] });
