/** NOTIFY (RFC 5465). */
import { definePlugin, part } from '@angarium/sdk';
import { NotifyImap } from './notify.js';

export default definePlugin({ parts: [part(NotifyImap)] });
