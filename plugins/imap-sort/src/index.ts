/** SORT and THREAD (RFC 5256), ESORT and CONTEXT=SORT (RFC 5267). */
import { definePlugin, part } from '@angarium/sdk';
import { SortRegistration } from './registration.js';

export default definePlugin({ parts: [part(SortRegistration)] });
