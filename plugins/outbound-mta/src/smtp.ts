/** One message by SMTP (RFC 5321), one connection each: the MTA is near, and nothing is kept open for the rare message. */
import { Readable } from 'node:stream';
import { MailError, type OutboundMail } from '@angarium/sdk';
import SMTPConnection from 'nodemailer/lib/smtp-connection/index.js';

/** Where the smarthost is, and how to talk to it. */
export interface SmartHost {
  readonly options: SMTPConnection.Options;
  readonly login: { readonly user: string; readonly pass: string } | undefined;
}

/** Resolves when the MTA has answered 250 to the message. @throws MailError */
export async function sendBySmtp(host: SmartHost, mail: OutboundMail): Promise<void> {
  const connection = new SMTPConnection(host.options);
  try {
    await new Promise<void>((resolve, reject) => {
      connection.once('error', reject);
      connection.once('end', () => reject(new Error('the MTA has closed the connection')));
      converse(connection, host, mail).then(resolve, reject);
    });
    connection.quit();
  } catch (error) {
    connection.close();
    throw refusalOf(error);
  }
}

async function converse(connection: SMTPConnection, { login }: SmartHost, mail: OutboundMail): Promise<void> {
  await step((done) => connection.connect(done));
  if (login !== undefined) await step((done) => connection.login({ credentials: login }, done));
  const envelope = { from: mail.sender, to: [mail.recipient], use8BitMime: true };
  const content = Readable.from(mail.content, { objectMode: false });
  await step((done) => connection.send(envelope, content, done));
}

function step(run: (done: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => run((error) => (error ? reject(error) : resolve())));
}

/** 5xx is for good, all else may work later. */
function refusalOf(error: unknown): MailError {
  const code = (error as { responseCode?: number }).responseCode ?? 0;
  const isPermanent = code >= 500 && code < 600 && (error as { code?: string }).code !== 'EAUTH';
  return isPermanent
    ? new MailError('CANNOT', 'The mail server has refused the message', { cause: error })
    : new MailError('UNAVAILABLE', 'Mail cannot be sent now', { cause: error });
}
