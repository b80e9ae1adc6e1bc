/** When no server runs, the command delivers itself, through the same stages into the same store. */
import { randomUUID } from 'node:crypto';
import {
  anonymousIdentity,
  type DeliveryEnvelope,
  formatMailDate,
  type Identity,
  type Recipient,
} from '@angarium/sdk';
import { parsePath } from '../grammar/path.js';
import { takeIn } from '../intake/intake.js';
import { traceFields } from '../intake/trace-fields.js';
import { type Reply, replyTo } from '../replies.js';
import { identityOfSender } from '../sender.js';
import type { LmtpEnvironment } from '../session.js';
import type { Outcome } from './exit-status.js';
import type { DeliverJob } from './job.js';

export async function deliverHere(
  environment: LmtpEnvironment,
  job: DeliverJob,
  message: AsyncIterable<Uint8Array>,
): Promise<Outcome[]> {
  const { delivery, store, config } = environment;
  const replyFor = (error: unknown): Reply => replyTo(error, config);
  const envelope = await envelopeOf(environment, job);
  const entries: { readonly recipient: string; readonly taken: Recipient | Reply }[] = [];
  for (const recipient of job.recipients) {
    entries.push({ recipient, taken: await resolve(environment, job, recipient, envelope) });
  }
  const accepted = entries.flatMap(({ taken }) => ('trace' in taken ? [taken] : []));
  let failure: Reply | undefined;
  if (accepted.length > 0) {
    try {
      await using staged = await takeIn(store, asBuffers(message), rulesOf(environment, job, envelope));
      await delivery.deliver(staged, envelope, accepted);
    } catch (error) {
      failure = replyFor(error);
    }
  }
  return entries.map(({ recipient, taken }) => {
    if (!('trace' in taken)) return { recipient, ...taken };
    if (failure !== undefined) return { recipient, ...failure };
    const { outcome } = taken;
    if (outcome?.is === 'refused') return { recipient, ...replyFor(outcome.error) };
    return { recipient, code: 250, status: '2.1.5', text: 'Ok' };
  });
}

async function resolve(
  { delivery, config }: LmtpEnvironment,
  { ignoresQuota }: DeliverJob,
  text: string,
  envelope: DeliveryEnvelope,
): Promise<Recipient | Reply> {
  try {
    const octets = Buffer.from(text, 'utf8').latin1Slice();
    const { path } = parsePath(`<${octets}>`, 0, { mayBeNull: false });
    const { address, localPart, domain } = path;
    const parameters: Record<string, string> = ignoresQuota ? { IGNOREQUOTA: '' } : {};
    const recipient = await delivery.recipient({ address, localPart, domain, parameters }, envelope);
    const { outcome } = recipient;
    return outcome?.is === 'refused' ? replyTo(outcome.error, config) : recipient;
  } catch (error) {
    if ((error as Error).name === 'CommandSyntaxError') {
      return { code: 501, status: '5.1.3', text: (error as Error).message };
    }
    throw error;
  }
}

async function envelopeOf({ accounts, starting }: LmtpEnvironment, job: DeliverJob) {
  const { sender, submitter } = job;
  const octets = submitter === undefined ? undefined : Buffer.from(submitter, 'utf8').latin1Slice();
  const known: Identity | undefined =
    octets === undefined ? undefined : await identityOfSender(accounts, octets);
  const envelope: DeliveryEnvelope = {
    sender,
    identity: known ?? anonymousIdentity,
    via: 'deliver',
    session: `deliver-${randomUUID().slice(0, 8)}`,
    remoteAddress: 'unix',
    isUtf8: !/^[\x20-\x7e]*$/.test(sender),
    parameters: {},
  };
  if (starting.isTapped) await starting.call(envelope);
  return envelope;
}

function rulesOf(environment: LmtpEnvironment, job: DeliverJob, envelope: DeliveryEnvelope) {
  const { config, host, clock } = environment;
  const timeMs = clock.now();
  return {
    trace: traceFields({
      sender: job.sender,
      clientName: 'localhost',
      clientAddress: 'unix',
      serverName: host.serverName,
      version: host.version,
      session: envelope.session,
      isSecured: false,
      isAuthenticated: false,
      isUtf8: envelope.isUtf8,
      recipient: job.recipients.length === 1 ? job.recipients[0] : undefined,
      timeMs,
    }),
    messageId: `Message-ID: <${envelope.session}-${timeMs}@${host.serverName}>\r\n`,
    date: dateField(timeMs),
    malformed: config.malformed,
    eightBit: envelope.isUtf8 ? ('keep' as const) : config.eightBitHeaders,
    maxBytes: config.maxMessageBytes,
    isBinary: false,
    sizeHint: undefined,
  };
}

function dateField(timeMs: number): string {
  return `Date: ${formatMailDate(timeMs)}\r\n`;
}

async function* asBuffers(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  for await (const chunk of source) yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}
