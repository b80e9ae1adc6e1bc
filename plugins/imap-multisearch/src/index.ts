/** MULTISEARCH (RFC 7377). */
import { definePlugin, part } from '@angarium/sdk';
import { MultisearchRegistration } from './registration.js';

export default definePlugin({ parts: [part(MultisearchRegistration)] });
