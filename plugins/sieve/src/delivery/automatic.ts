/** Which messages must not be answered by a machine (RFC 3834 §2, RFC 5230 §4.6). */
import type { Header } from '../runtime/header.js';

/** Senders behind which there is nobody. */
const MACHINE_SENDER =
  /^(owner-.*|.*-request|.*-owner|.*-bounces?|.*-return|mailer-daemon|postmaster-.*|listserv|majordomo|no-?reply|do-?not-?reply|nobody)([+=].*)?$/i;

/** Why not; undefined: it may be answered. */
export function whyNotAnswered(header: Header, sender: string): string | undefined {
  if (sender === '') return 'it has the null sender';
  if (MACHINE_SENDER.test(sender.replace(/@[^@]*$/, ''))) return 'its sender is a machine';
  const list = header.fields.find(({ name }) =>
    /^list-(id|help|subscribe|unsubscribe|post|owner|archive)$/.test(name),
  );
  if (list !== undefined) return 'it comes from a list';
  if (header.rawValues('auto-submitted').some((value) => !/^no(?![a-z0-9-])/i.test(value)))
    return 'it was sent automatically';
  if (header.rawValues('precedence').some((value) => /^(bulk|list|junk)$/i.test(value)))
    return 'it is bulk mail';
  if (header.rawValues('x-auto-response-suppress').some((value) => /oof|all/i.test(value)))
    return 'its sender wants no answer';
  return undefined;
}
