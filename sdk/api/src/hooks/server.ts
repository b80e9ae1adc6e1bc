/** Family `server.*`: the life of a worker. */
import { declareHooks } from '../kernel/hooks.js';

declare module '../kernel/hooks.js' {
  interface Hooks {
    /** All plugins have started and the sockets listen. */
    'server.ready': ObserveHook<[]>;
    /** No new connections from here on. */
    'server.draining': ObserveHook<[]>;
  }
}

declareHooks({
  'server.ready': { kind: 'observe', summary: 'this worker serves' },
  'server.draining': {
    kind: 'observe',
    summary: 'this worker is about to end',
  },
});
