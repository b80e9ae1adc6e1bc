/** How mailbox names look to clients: personal, other users' and shared. */
import { definePlugin, NAMESPACE, provide } from '@angarium/sdk';
import { CyrusNamespace } from './cyrus-namespace.js';

export default definePlugin({ provides: [provide(NAMESPACE, CyrusNamespace)] });
