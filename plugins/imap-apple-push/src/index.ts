/** XAPPLEPUSHSERVICE, where something provides a way to the push service. */
import { definePlugin, PUSH_SENDER, part } from '@angarium/sdk';
import { ApplePush } from './apple-push.js';

export default definePlugin({ parts: [part(ApplePush, { when: [PUSH_SENDER] })] });
