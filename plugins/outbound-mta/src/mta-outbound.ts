import { readFileSync } from 'node:fs';
import {
  CONFIG,
  Component,
  HOST,
  type Host,
  inject,
  injectable,
  LOGGER,
  type Logger,
  MailError,
  type Outbound,
  type OutboundMail,
  type Registry,
  STATUS_SOURCES,
  type StatusSource,
} from '@angarium/sdk';
import type { OutboundConfig } from './config.js';
import { sendBySendmail } from './sendmail.js';
import { Slots } from './slots.js';
import { type SmartHost, sendBySmtp } from './smtp.js';

/** The MTA is the queue: a message is taken when the MTA has taken it, and not before. */
@injectable()
export class MtaOutbound extends Component implements Outbound {
  private readonly smartHost: SmartHost;
  private readonly slots: Slots;
  private readonly counts = { sent: 0, deferred: 0, refused: 0 };

  constructor(
    @inject(CONFIG) private readonly config: OutboundConfig,
    @inject(HOST) host: Host,
    @inject(LOGGER) private readonly log: Logger,
    @inject(STATUS_SOURCES) private readonly statusSources: Registry<StatusSource>,
  ) {
    super();
    this.smartHost = smartHostOf(config, host.serverName);
    this.slots = new Slots(config.connections, config.maxWaiting);
  }

  override start(): void {
    this.own(this.statusSources.add({ name: 'outbound', read: () => ({ ...this.counts }) }));
  }

  async submit(mail: OutboundMail): Promise<void> {
    if (/[\x00-\x20\x7f<>]/.test(mail.recipient + mail.sender) || mail.recipient === '')
      throw new MailError('CANNOT', 'That is no address');
    using slot = await this.slots.take();
    if (slot === undefined) throw new MailError('UNAVAILABLE', 'Too much mail is waiting to be sent');
    const { sendmail } = this.config;
    try {
      await (sendmail === '' ? sendBySmtp(this.smartHost, mail) : sendBySendmail(sendmail, mail));
      this.counts.sent++;
      this.log.info('sent', { sender: mail.sender, recipient: mail.recipient });
    } catch (error) {
      const isTemporary = !(error instanceof MailError) || error.temporary;
      this.counts[isTemporary ? 'deferred' : 'refused']++;
      const fields = { sender: mail.sender, recipient: mail.recipient, err: error };
      this.log.warn(isTemporary ? 'mail cannot be sent now' : 'mail was refused', fields);
      throw error;
    }
  }
}

function smartHostOf(config: OutboundConfig, name: string): SmartHost {
  const { host, port, tls, user, passwordFile, timeoutSeconds } = config;
  const timeout = timeoutSeconds * 1000;
  const options = {
    host,
    port,
    name,
    secure: tls === 'implicit',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    opportunisticTLS: tls === 'opportunistic',
    tls: { rejectUnauthorized: tls !== 'opportunistic' },
    connectionTimeout: timeout,
    greetingTimeout: timeout,
    socketTimeout: timeout,
  };
  return { options, login: user === '' ? undefined : { user, pass: passwordOf(passwordFile) } };
}

function passwordOf(file: string): string {
  return file === '' ? '' : (readFileSync(file, 'utf8').split(/\r?\n/)[0] ?? '');
}
