import { CommandSyntaxError, type DeliveryEnvelope, defineTextCommand } from '@angarium/sdk';
import { checkMessageDsn } from '../grammar/dsn.js';
import { decodeXtext, type Parameters, parseParameters } from '../grammar/parameters.js';
import { parsePath } from '../grammar/path.js';
import type { LmtpSession } from '../session.js';

/** RFC 5321 §4.1.1.2; SIZE: RFC 1870, BODY: RFC 6152 and 3030, SMTPUTF8: RFC 6531, AUTH: RFC 4954 §5. */
export const mail = defineTextCommand({
  name: 'MAIL',
  syntax: 'MAIL FROM:<reverse-path> [parameters]',
  rfc: '5321#4.1.1.2',
  states: ['ready'],
  parse(args) {
    if (!args.tryText('FROM:')) throw new CommandSyntaxError('FROM:<address> expected');
    // Leniency: blanks after the colon, which RFC 5321 §3.3 forbids and people at a keyboard write.
    const rest = args.rest().replace(/^ +/, '');
    const { path, end } = parsePath(rest, 0, { mayBeNull: true });
    return { path, parameters: checked(parseParameters(rest, end)) };
  },
  async run(session: LmtpSession, { path, parameters }) {
    const { connection, environment } = session;
    if (!session.mayDeliver) return session.answer(530, '5.7.0', 'Authentication required');
    const { SIZE, BODY, SMTPUTF8, AUTH, ...others } = parameters;
    const unknown = Object.keys(others).find((name) => !passedOn.has(name));
    if (unknown !== undefined) return session.answer(555, '5.5.4', `Unknown parameter ${unknown}`);
    const forwardedFor = session.forwarded ?? session.client;
    const isUtf8 = SMTPUTF8 !== undefined;
    if (!path.isAscii && !isUtf8) return session.answer(553, '5.6.7', 'The address needs SMTPUTF8');
    const declaredSize = SIZE === undefined ? undefined : Number(SIZE);
    if ((declaredSize ?? 0) > environment.config.maxMessageBytes) {
      return session.answer(552, '5.3.4', 'The message is too large');
    }
    const envelope: DeliveryEnvelope = {
      sender: path.address,
      identity: await session.senderIdentity(AUTH),
      via: 'lmtp',
      session: connection.id,
      remoteAddress: session.remoteAddress,
      ...(forwardedFor === undefined ? {} : { forwardedFor }),
      isUtf8,
      parameters: others,
    };
    if (environment.starting.isTapped) await environment.starting.call(envelope);
    const isBinary = BODY === 'BINARYMIME';
    session.enter({
      is: 'mail',
      transaction: { envelope, isBinary, declaredSize, recipients: [], recipientCount: 0 },
    });
    session.answer(250, '2.1.0', 'Ok');
  },
});

/** Taken without being offered (RFC 3461): delivery decides what they mean. */
const passedOn = new Set(['RET', 'ENVID']);

const bodies = ['7BIT', '8BITMIME', 'BINARYMIME'];

/** The values of those parameters that are ours. @throws CommandSyntaxError */
function checked(parameters: Parameters): Parameters {
  const { SIZE, BODY, SMTPUTF8, AUTH } = parameters;
  checkMessageDsn(parameters);
  if (SIZE !== undefined && !/^[0-9]{1,20}$/.test(SIZE))
    throw new CommandSyntaxError('SIZE must be a number');
  const body = BODY?.toUpperCase();
  if (body !== undefined && !bodies.includes(body)) {
    throw new CommandSyntaxError(`BODY must be one of ${bodies.join(', ')}`);
  }
  if (SMTPUTF8 !== undefined && SMTPUTF8 !== '') throw new CommandSyntaxError('SMTPUTF8 has no value');
  if (AUTH !== undefined && (AUTH === '' || decodeXtext(AUTH) === undefined)) {
    throw new CommandSyntaxError('AUTH must be an address in xtext');
  }
  return { ...parameters, ...(body === undefined ? {} : { BODY: body }) };
}
