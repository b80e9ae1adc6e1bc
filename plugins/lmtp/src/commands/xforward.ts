import { CommandSyntaxError, defineTextCommand, type ForwardedClient } from '@angarium/sdk';
import { decodeXtext } from '../grammar/parameters.js';
import type { LmtpSession } from '../session.js';

/** Upper case, as LHLO lists them. */
export const xforwardAttributes = ['NAME', 'ADDR', 'PORT', 'PROTO', 'HELO', 'IDENT', 'SOURCE'] as const;

type Attribute = (typeof xforwardAttributes)[number];

/** Postfix's XFORWARD_README: this bounds what a client may make us keep. */
const MAX_VALUE = 255;

/** Postfix's XFORWARD: where the MTA has the mail from. Holds for one transaction. */
export const xforward = defineTextCommand({
  name: 'XFORWARD',
  syntax: 'XFORWARD attribute=value [attribute=value …]',
  rfc: '5321#4.1.5',
  states: ['ready'],
  parse(args) {
    const given = new Map<Attribute, string>();
    for (const pair of args.rest().trim().split(/ +/)) {
      const at = pair.indexOf('=');
      const name = pair.slice(0, Math.max(0, at)).toUpperCase() as Attribute;
      const value = decodeXtext(pair.slice(at + 1));
      if (!xforwardAttributes.includes(name)) throw new CommandSyntaxError('Unknown attribute');
      if (value === undefined || value === '' || value.length > MAX_VALUE || /[\x00-\x1f\x7f]/.test(value)) {
        throw new CommandSyntaxError(`Malformed value of ${name}`);
      }
      given.set(name, value);
    }
    return given;
  },
  run(session: LmtpSession, given) {
    if (!session.isTrusted) return session.answer(550, '5.7.1', 'XFORWARD is not for you');
    session.forwarded = { ...session.forwarded, ...clientOf(given) };
    session.answer(250, '2.0.0', 'Ok');
  },
});

function clientOf(given: ReadonlyMap<Attribute, string>): ForwardedClient {
  const known = (name: Attribute) => {
    const value = given.get(name);
    return value === undefined || value.toUpperCase() === '[UNAVAILABLE]' ? undefined : value;
  };
  const [name, address, protocol, helo, ident] = (['NAME', 'ADDR', 'PROTO', 'HELO', 'IDENT'] as const).map(
    known,
  );
  const port = Number(known('PORT'));
  const source = known('SOURCE')?.toUpperCase();
  return {
    ...(name === undefined ? {} : { name }),
    ...(address === undefined ? {} : { address: address.replace(/^IPv6:/i, '') }),
    ...(Number.isInteger(port) && port > 0 && port < 65536 ? { port } : {}),
    ...(protocol === undefined ? {} : { protocol }),
    ...(helo === undefined ? {} : { helo }),
    ...(ident === undefined ? {} : { ident }),
    ...(source === 'LOCAL' ? { source: 'local' as const } : {}),
    ...(source === 'REMOTE' ? { source: 'remote' as const } : {}),
  };
}
