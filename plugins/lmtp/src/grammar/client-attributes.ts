/** `NAME=value …` of Postfix's XFORWARD and XCLIENT: how an MTA or a proxy describes a client. */
import { isIP } from 'node:net';
import { CommandSyntaxError, type ForwardedClient } from '@angarium/sdk';
import { decodeXtext } from './parameters.js';

/** Postfix's XFORWARD_README: this bounds what a client may make us keep. */
const MAX_VALUE = 255;
/** What is not known, or not now. */
const UNKNOWN = /^\[(UNAVAILABLE|TEMPUNAVAIL)\]$/i;

/** Upper-case name → value; what is given twice has the last value. @throws CommandSyntaxError */
export function parseClientAttributes(text: string, allowed: readonly string[]): ReadonlyMap<string, string> {
  const given = new Map<string, string>();
  for (const pair of text.trim().split(/ +/)) {
    const at = pair.indexOf('=');
    const name = pair.slice(0, Math.max(0, at)).toUpperCase();
    const value = decodeXtext(pair.slice(at + 1));
    if (!allowed.includes(name)) throw new CommandSyntaxError('Unknown attribute');
    if (value === undefined || value === '' || value.length > MAX_VALUE || /[\x00-\x1f\x7f]/.test(value)) {
      throw new CommandSyntaxError(`Malformed value of ${name}`);
    }
    given.set(name, value);
  }
  return given;
}

export function knownValue(given: ReadonlyMap<string, string>, name: string): string | undefined {
  const value = given.get(name);
  return value === undefined || UNKNOWN.test(value) ? undefined : value;
}

/** `192.0.2.1`, `IPv6:2001:db8::1`, or that without its prefix; '' for an unknown one. @throws CommandSyntaxError */
export function addressOf(value: string | undefined): string {
  if (value === undefined) return '';
  const address = value.replace(/^IPv6:/i, '');
  if (isIP(address) === 0) throw new CommandSyntaxError('Malformed value of ADDR');
  return address;
}

export function clientOf(given: ReadonlyMap<string, string>): ForwardedClient {
  const [name, address, protocol, helo, ident] = ['NAME', 'ADDR', 'PROTO', 'HELO', 'IDENT'].map((each) =>
    knownValue(given, each),
  );
  const port = Number(knownValue(given, 'PORT'));
  const source = knownValue(given, 'SOURCE')?.toUpperCase();
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
