/** Notifications by mail (RFC 5436). */
import { isMailError, type Outbound, type Recipient } from '@angarium/sdk';
import { parseMailto } from '../extensions/mailto.js';
import { mailboxOf } from '../extensions/vacation.js';
import type { Notify } from '../runtime/actions.js';
import type { SieveMessage } from '../runtime/message.js';
import { addressField, replyHeader, textBody, withDomain } from './reply.js';

export interface NotifyOccasion {
  readonly outbound: Outbound;
  readonly recipient: Recipient;
  readonly message: SieveMessage;
  readonly sender: string;
  readonly nowMs: number;
  readonly serverName: string;
}

/** Answers what was done, for the trace. */
export async function notify(occasion: NotifyOccasion, action: Notify): Promise<string> {
  const { message, outbound, sender } = occasion;
  const mailto = parseMailto(action.method);
  if (mailto === undefined) return 'notify: the method is not known';
  // RFC 5436 §2.7
  if (message.rawValues('auto-submitted').some((value) => !/^no(?![a-z0-9-])/i.test(value)))
    return 'notify: nobody was told of what was sent automatically';
  const own = withDomain(occasion.recipient.address.address, occasion.serverName);
  const from = action.from ?? own;
  const recipients = [...new Set([...mailto.to, ...mailto.cc])];
  const [subject = ''] = (action.header ?? message.header).values('subject');
  const { nowMs, serverName } = occasion;
  const fields: (readonly [string, string])[] = [
    ['Auto-Submitted', `auto-notified; owner-email=${quotedAddress(own)}`],
    ...(mailto.cc.length > 0 ? [['Cc', mailto.cc.join(', ')] as const] : []),
    ...(action.importance === '2'
      ? []
      : [['Importance', action.importance === '1' ? 'high' : 'low'] as const]),
    ...mailto.fields,
  ];
  const header = replyHeader({
    from: mailboxOf(from) === from.trim() ? from : addressField(from),
    to: mailto.to.length > 0 ? mailto.to.join(', ') : mailto.cc.join(', '),
    subject: action.message ?? mailto.subject ?? subject,
    nowMs,
    serverName,
    fields,
  });
  const text = Buffer.from(header + textBody(mailto.body ?? ''), 'utf8');
  const envelopeSender = sender === '' ? '' : mailboxOf(from);
  const failed: string[] = [];
  for (const recipient of recipients) {
    try {
      await outbound.submit({ sender: envelopeSender, recipient, content: [text] });
    } catch (error) {
      failed.push(`${recipient}: ${isMailError(error) ? error.publicText : 'a fault of the server'}`);
    }
  }
  return failed.length === 0 ? `notify: ${recipients.join(', ')}` : `notify: failed for ${failed.join('; ')}`;
}

/** RFC 5436 §2.7.1 */
function quotedAddress(address: string): string {
  return `"${address.replace(/["\\]/g, '\\$&')}"`;
}
