/** Telling devices that mail has come, over a push service; whoever can reach one provides this. */
import { type Contract, contract } from '../di.js';

export const PUSH_SENDER: Contract<PushSender> = contract('push-sender', 1);

/** Something to tell one device. */
export interface PushNotice {
  /** The account as the device named it. */
  readonly accountId: string;
  /** Hexadecimal digits, lower case. */
  readonly deviceToken: string;
  /** MD5 of the mailboxes' names as the client has them, lower case hexadecimal; none for the INBOX alone. */
  readonly mailboxes: readonly string[];
}

/** 'gone': the device is not there any more, and its registration can be forgotten. */
export type PushOutcome = 'sent' | 'gone' | 'failed';

/** A way to the push service. */
export interface PushSender {
  /** What devices are told to listen for (`com.apple.mail.XServer.…`); undefined while nothing can be sent. */
  topic(): string | undefined;
  /** One outcome a notice, same order. Does not throw for a notice that fails. */
  send(notices: readonly PushNotice[]): Promise<readonly PushOutcome[]>;
}
