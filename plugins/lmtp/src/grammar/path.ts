/**
 * Paths of MAIL and RCPT (RFC 5321 §4.1.2, UTF-8 as in RFC 6531 §3.3), read from a latin1 line.
 * Source routes are read and forgotten (RFC 5321 appendix C).
 */
import { isIPv4, isIPv6 } from 'node:net';
import { CommandSyntaxError } from '@angarium/sdk';

export interface Path {
  /** Without <> and source route; '' for the null path. Decoded from UTF-8. */
  readonly address: string;
  /** As written, quoting included. */
  readonly localPart: string;
  readonly domain: string | undefined;
  readonly isAscii: boolean;
}

const label = '[A-Za-z0-9\\x80-\\xff](?:[A-Za-z0-9_\\x80-\\xff-]*[A-Za-z0-9\\x80-\\xff])?';
/** Leniency: `_` inside labels, as names of real hosts have it; refusing would bounce what an MTA has taken. */
const domainPattern = `${label}(?:\\.${label})*`;
const atext = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~\\x80-\\xff-]+";
const quoted = '"(?:[\\x20\\x21\\x23-\\x5b\\x5d-\\x7e\\x80-\\xff]|\\\\[\\x20-\\x7e])*"';

const routeRule = new RegExp(`@${domainPattern}(?:,@${domainPattern})*:`, 'y');
const localPartRule = new RegExp(`${atext}(?:\\.${atext})*|${quoted}`, 'y');
const domainRule = new RegExp(domainPattern, 'y');
const literalRule = /\[[\x21-\x5a\x5e-\x7e]+\]/y;

const nullPath: Path = { address: '', localPart: '', domain: undefined, isAscii: true };

/**
 * `<…>` at `from`. Answers the path and the index after it.
 * Leniency: the domain may be missing, as in <postmaster> (RFC 5321 §4.1.1.3) and what local senders write.
 * @throws CommandSyntaxError
 */
export function parsePath(
  line: string,
  from: number,
  options: { readonly mayBeNull: boolean },
): { readonly path: Path; readonly end: number } {
  if (line[from] !== '<') throw new CommandSyntaxError('Address in angle brackets expected');
  if (line[from + 1] === '>') {
    if (!options.mayBeNull) throw new CommandSyntaxError('Address expected');
    return { path: nullPath, end: from + 2 };
  }
  let pos = from + 1;
  pos += take(routeRule, line, pos)?.length ?? 0;
  const localPart = take(localPartRule, line, pos);
  if (localPart === undefined) throw new CommandSyntaxError('Malformed address');
  pos += localPart.length;
  let domain: string | undefined;
  if (line[pos] === '@') {
    domain = takeDomain(line, pos + 1);
    pos += 1 + domain.length;
  }
  if (line[pos] !== '>') throw new CommandSyntaxError('Malformed address');
  return { path: pathOf(localPart, domain), end: pos + 1 };
}

function takeDomain(line: string, pos: number): string {
  const literal = take(literalRule, line, pos);
  if (literal !== undefined && isAddressLiteral(literal.slice(1, -1))) return literal;
  const domain = literal === undefined ? take(domainRule, line, pos) : undefined;
  if (domain === undefined) throw new CommandSyntaxError('Malformed domain');
  return domain;
}

/** RFC 5321 §4.1.3, without the brackets. */
function isAddressLiteral(text: string): boolean {
  if (/^IPv6:/i.test(text)) return isIPv6(text.slice(5)) && !text.includes('%');
  return isIPv4(text) || /^[A-Za-z0-9-]*[A-Za-z0-9]:./.test(text);
}

function pathOf(localPart: string, domain: string | undefined): Path {
  const whole = domain === undefined ? localPart : `${localPart}@${domain}`;
  if (/^[\x00-\x7f]*$/.test(whole)) return { address: whole, localPart, domain, isAscii: true };
  return {
    address: decodeUtf8(whole),
    localPart: decodeUtf8(localPart),
    domain: domain === undefined ? undefined : decodeUtf8(domain),
    isAscii: false,
  };
}

function decodeUtf8(latin1: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(latin1, 'latin1'));
  } catch {
    throw new CommandSyntaxError('The address is not UTF-8');
  }
}

function take(rule: RegExp, line: string, pos: number): string | undefined {
  rule.lastIndex = pos;
  return rule.exec(line)?.[0];
}
