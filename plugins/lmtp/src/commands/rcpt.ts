import { CommandSyntaxError, defineTextCommand } from '@angarium/sdk';
import { checkRecipientDsn } from '../grammar/dsn.js';
import { parseParameters } from '../grammar/parameters.js';
import { parsePath } from '../grammar/path.js';
import type { LmtpSession } from '../session.js';

/** RFC 5321 §4.1.1.3. IGNOREQUOTA is Cyrus's; NOTIFY and ORCPT (RFC 3461) are taken without being offered. */
export const rcpt = defineTextCommand({
  name: 'RCPT',
  syntax: 'RCPT TO:<forward-path> [parameters]',
  rfc: '5321#4.1.1.3',
  states: ['mail'],
  parse(args) {
    if (!args.tryText('TO:')) throw new CommandSyntaxError('TO:<address> expected');
    // Leniency: blanks after the colon, as in MAIL.
    const rest = args.rest().replace(/^ +/, '');
    const { path, end } = parsePath(rest, 0, { mayBeNull: false });
    const parameters = parseParameters(rest, end);
    checkRecipientDsn(parameters);
    return { path, parameters };
  },
  async run(session: LmtpSession, { path, parameters }) {
    if (session.current.is !== 'mail') return;
    const { transaction } = session.current;
    const unknown = Object.keys(parameters).find((name) => !known.has(name));
    if (unknown !== undefined) return session.answer(555, '5.5.4', `Unknown parameter ${unknown}`);
    if (!path.isAscii && !transaction.envelope.isUtf8) {
      return session.answer(553, '5.6.7', 'The address needs SMTPUTF8');
    }
    if (++transaction.recipientCount > session.environment.config.maxRecipients) {
      return session.answer(452, '4.5.3', 'Too many recipients, send the message again for the others');
    }
    const { address, localPart, domain } = path;
    const recipient = await session.environment.delivery.recipient(
      { address, localPart, domain, parameters },
      transaction.envelope,
    );
    const { outcome } = recipient;
    if (outcome?.is === 'refused') {
      return session.answerWith(session.replyForRecipient(outcome.error));
    }
    transaction.recipients.push(recipient);
    session.answer(250, '2.1.5', 'Ok');
  },
});

const known = new Set(['IGNOREQUOTA', 'NOTIFY', 'ORCPT']);
