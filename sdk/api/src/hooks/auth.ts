/** Family `auth.*`: logins of every protocol. */
import { declareHooks } from '../kernel/hooks.js';
import type { Identity } from '../model/identity.js';

/** A login that is being tried. */
export interface AuthAttempt {
  readonly service: string;
  readonly mechanism: string;
  readonly remoteAddress: string;
  readonly session: string;
  readonly isSecured: boolean;
  /** As claimed; unknown until the exchange says it. */
  readonly user: string | undefined;
  /** An operator asks what would become of it (`angarium auth test`): nobody logs in, so taps refuse as always and prepare nothing. */
  readonly isTrial?: boolean;
}

declare module '../kernel/hooks.js' {
  interface Hooks {
    /** Before a password or exchange is looked at. A tap refuses (blocks, networks) with MailError, or delays by awaiting. */
    'auth.attempting': VetoHook<[attempt: AuthAttempt]>;
    /**
     * It is proven who it is, and the client has not been told: a tap refuses with MailError (limits, a disabled domain), or
     * prepares what the session needs.
     */
    'auth.authorising': VetoHook<[attempt: AuthAttempt, identity: Identity]>;
    'auth.succeeded': ObserveHook<[attempt: AuthAttempt, identity: Identity]>;
    /**
     * `reason` is for the log and the operator, never for the client. `isWrong`: the credentials were; false where the server could
     * not or would not look at them (a source is down, a tap refused, the exchange was broken).
     */
    'auth.failed': ObserveHook<[attempt: AuthAttempt, reason: string, isWrong: boolean]>;
  }
}

declareHooks({
  'auth.attempting': {
    kind: 'veto',
    summary: 'before a login is checked; may refuse or delay',
  },
  'auth.authorising': {
    kind: 'veto',
    summary: 'it is proven who it is; may refuse, or prepare the session',
  },
  'auth.succeeded': { kind: 'observe', summary: 'somebody has logged in' },
  'auth.failed': { kind: 'observe', summary: 'a login was refused' },
});
