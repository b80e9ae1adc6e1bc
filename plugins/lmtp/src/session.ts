/**
 * One LMTP client.
 *
 * - Nothing is acknowledged before it is durable: replies to a message are written after `Delivery.deliver`.
 * - After DATA and BDAT LAST there is one reply for each accepted RCPT, in their order (RFC 2033 §4.2), whatever happens.
 * - A failed BDAT leaves the state 'failed', which only RSET, LHLO and the end of the message leave (RFC 3030 §2).
 */
import {
  type Accounts,
  type AuthContext,
  type Authentication,
  anonymousIdentity,
  type Clock,
  type Connection,
  type Delivery,
  type DeliveryEnvelope,
  type ForwardedClient,
  type HookHandle,
  type Host,
  type Identity,
  type Logger,
  type MailStore,
  type Recipient,
  TextSession,
} from '@angarium/sdk';
import type { ChunkedMessage } from './chunked-message.js';
import type { LmtpConfig } from './config.js';
import { decodeXtext } from './grammar/parameters.js';
import { formatReply, type Reply, replyTo } from './replies.js';
import { identityOfSender } from './sender.js';

export interface LmtpEnvironment {
  readonly config: LmtpConfig;
  readonly store: MailStore;
  readonly delivery: Delivery;
  readonly authentication: Authentication;
  readonly accounts: Accounts;
  /** Is it an address of `trustedNetworks`? */
  isTrustedAddress(address: string): boolean;
  /** May whoever has authenticated hand mail over? */
  mayDeliver(identity: Identity): boolean;
  readonly host: Host;
  readonly clock: Clock;
  readonly log: Logger;
  readonly starting: HookHandle<'delivery.starting'>;
}

/** From MAIL to the last reply. */
export interface Transaction {
  readonly envelope: DeliveryEnvelope;
  readonly isBinary: boolean;
  /** The SIZE parameter. */
  readonly declaredSize: number | undefined;
  /** Accepted ones, in order. */
  readonly recipients: Recipient[];
  /** Accepted or not. */
  recipientCount: number;
}

export type State =
  | { readonly is: 'greeted' }
  | { readonly is: 'ready' }
  | { readonly is: 'mail'; readonly transaction: Transaction }
  | { readonly is: 'chunks'; readonly transaction: Transaction; readonly message: ChunkedMessage }
  | { readonly is: 'failed'; readonly transaction: Transaction };

export class LmtpSession extends TextSession {
  current: State = { is: 'greeted' };
  clientName = '';
  /** Of AUTH. */
  identity: Identity | undefined;
  failedLogins = 0;
  /** Of XCLIENT: whom a proxy speaks for. */
  client: ForwardedClient | undefined;
  /** Its address; '' when the proxy does not know it. */
  clientAddress: string | undefined;
  /** LOGIN of XCLIENT: an account of ours, which may have no right to hand mail over. */
  submitter: Identity | undefined;
  /** Of XFORWARD, for the next transaction. */
  forwarded: ForwardedClient | undefined;

  constructor(
    connection: Connection,
    readonly environment: LmtpEnvironment,
  ) {
    super(connection);
  }

  override get state(): State['is'] {
    return this.current.is;
  }

  get authContext(): AuthContext {
    return { service: 'lmtp', connection: this.connection, remoteAddress: this.remoteAddress };
  }

  /** Those from this machine and the trusted networks need not authenticate, unless the `listen` entry says otherwise. */
  get mayDeliver(): boolean {
    return this.isTrusted || this.connection.listenOptions['auth'] === 'none';
  }

  /** Counts what it says of others: who has sent the mail, where it came from? */
  get isTrusted(): boolean {
    if (this.identity !== undefined) return true;
    if (this.connection.listenOptions['auth'] === 'required') return false;
    return this.isNearby;
  }

  /** May it speak for others (XCLIENT)? By address alone, and no more once it speaks for a stranger, who may be connected through. */
  get isProxy(): boolean {
    return this.connection.listenOptions['auth'] !== 'required' && this.isNearby;
  }

  /** Of XCLIENT, else of the connection. */
  get remoteAddress(): string {
    return this.clientAddress || this.connection.remote.address;
  }

  private get isNearby(): boolean {
    const { connection, environment, clientAddress } = this;
    if (clientAddress === '') return false;
    if (clientAddress !== undefined) return environment.isTrustedAddress(clientAddress);
    return connection.isLocal || environment.isTrustedAddress(connection.remote.address);
  }

  /** @param submitter the AUTH parameter of MAIL, in xtext (RFC 4954 §5). @throws MailError UNAVAILABLE */
  async senderIdentity(submitter: string | undefined): Promise<Identity> {
    const own = this.identity ?? this.submitter ?? anonymousIdentity;
    const name = submitter === undefined ? undefined : decodeXtext(submitter);
    if (name === undefined || name === '<>' || !this.isTrusted) return own;
    return (await identityOfSender(this.environment.accounts, name)) ?? own;
  }

  /** Forgets the transaction. */
  reset(): void {
    if (this.current.is === 'chunks') this.current.message.abandon();
    this.forwarded = undefined;
    if (this.current.is !== 'greeted') this.enter({ is: 'ready' });
  }

  enter(state: State): void {
    this.current = state;
    const { idleTimeoutSeconds, transactionTimeoutSeconds } = this.environment.config;
    const isIdle = state.is === 'ready' || state.is === 'greeted';
    this.connection.setIdleTimeout(1000 * (isIdle ? idleTimeoutSeconds : transactionTimeoutSeconds));
  }

  answer(code: number, status: string, text: string): void {
    this.answerWith({ code, status, text });
  }

  answerWith(reply: Reply): void {
    this.write(formatReply(reply, this.isUtf8));
  }

  /** One reply; errors that are none of ours are logged here. */
  refuse(error: unknown, activity: string): void {
    this.answerWith(this.replyFor(error, activity));
  }

  /** What is refused by delivery is in its log already. */
  replyForRecipient(error: unknown): Reply {
    return replyTo(error, this.environment.config);
  }

  replyFor(error: unknown, activity: string): Reply {
    const reply = this.replyForRecipient(error);
    if (reply.code === 451) {
      this.environment.log.warn('temporary failure', { session: this.connection.id, activity, err: error });
    }
    return reply;
  }

  private get isUtf8(): boolean {
    return 'transaction' in this.current && this.current.transaction.envelope.isUtf8;
  }
}
