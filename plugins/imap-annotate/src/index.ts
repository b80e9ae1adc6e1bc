/** ANNOTATE-EXPERIMENT-1 (RFC 5257). */
import { definePlugin, part } from '@angarium/sdk';
import { AnnotateImap } from './annotate.js';

export default definePlugin({ parts: [part(AnnotateImap)] });
