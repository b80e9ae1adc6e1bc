export type { LimitSettings } from './limits.js';
export { type BoundAddress, ListenError } from './listener.js';
export {
  type ConnectionRow,
  type ConnectionTimeouts,
  Listeners,
  type ListenersOptions,
} from './listeners.js';
export { type ConnectionOverOptions, connectionOver, type TestableConnection } from './over.js';
export { type TemporaryTls, temporaryTls } from './temporary-tls.js';
export type { TlsAcceptor } from './tls.js';
