/** SCRAM-SHA-1, -256, -512 and their -PLUS forms. */
import { definePlugin, part } from '@angarium/sdk';
import { ScramRegistration } from './registration.js';

export default definePlugin({ parts: [part(ScramRegistration)] });
