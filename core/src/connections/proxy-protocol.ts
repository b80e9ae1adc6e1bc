/**
 * The PROXY protocol, versions 1 and 2 (haproxy's proxy-protocol.txt): a header before the client's own bytes,
 * in which a load balancer says who the client is. It is believed from configured networks only, and required
 * there: otherwise anybody who can reach the port could claim any address.
 */
import { isIPv4, isIPv6 } from 'node:net';
import { type PeerAddress, plainAddress } from '@angarium/sdk';

export interface ProxyHeader {
  /** Bytes of the header. */
  readonly length: number;
  /** Undefined: a connection of the proxy itself (health check), or of an unknown kind. */
  readonly source: PeerAddress | undefined;
  readonly destination: PeerAddress | undefined;
}

/** A trusted proxy that does not say for whom it speaks: most likely configured without the protocol. */
export class ProxyHeaderError extends Error {
  override readonly name = 'ProxyHeaderError';
}

/** More bytes are needed, or the header is none. */
export type ProxyParse = ProxyHeader | 'incomplete' | 'invalid';

/** §2.1: the longest line of version 1, with its CRLF. */
const maxLineBytes = 107;
const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const linePrefix = Buffer.from('PROXY ', 'latin1');
const fixedBytes = 16;
/** Addresses and TLVs of version 2; room for those with certificates, still bounded. */
const maxVariableBytes = 4096;
export const maxProxyHeaderBytes = fixedBytes + maxVariableBytes;

/** Reads a header at the beginning of `bytes`. */
export function parseProxyHeader(bytes: Buffer): ProxyParse {
  if (beginsLike(bytes, signature)) return bytes.length < fixedBytes ? 'incomplete' : parseBinary(bytes);
  if (beginsLike(bytes, linePrefix)) return parseLine(bytes);
  return 'invalid';
}

/** Equal as far as both go. */
function beginsLike(bytes: Buffer, prefix: Buffer): boolean {
  const length = Math.min(bytes.length, prefix.length);
  return bytes.compare(prefix, 0, length, 0, length) === 0;
}

/** `PROXY TCP4 192.0.2.1 198.51.100.1 56324 143` */
function parseLine(bytes: Buffer): ProxyParse {
  const end = bytes.subarray(0, maxLineBytes).indexOf('\r\n');
  if (end < 0) return bytes.length < maxLineBytes ? 'incomplete' : 'invalid';
  const length = end + 2;
  const [, family, source = '', destination = '', sourcePort = '', destinationPort = '', ...rest] = bytes
    .toString('latin1', 0, end)
    .split(' ');
  if (family === 'UNKNOWN') return { length, source: undefined, destination: undefined };
  const isAddress = family === 'TCP4' ? isIPv4 : family === 'TCP6' ? isIPv6 : undefined;
  if (isAddress === undefined || rest.length > 0) return 'invalid';
  if (!isAddress(source) || !isAddress(destination)) return 'invalid';
  const ports = [sourcePort, destinationPort].map(portOf);
  if (ports[0] === undefined || ports[1] === undefined) return 'invalid';
  return {
    length,
    source: { address: plainAddress(source), port: ports[0] },
    destination: { address: plainAddress(destination), port: ports[1] },
  };
}

/** Decimal without leading zeroes, 0 to 65535. */
function portOf(text: string): number | undefined {
  if (!/^(0|[1-9]\d{0,4})$/.test(text)) return undefined;
  return Number(text) <= 65_535 ? Number(text) : undefined;
}

/** §2.2: signature, version and command, family and transport, length, addresses, TLVs (ignored). */
function parseBinary(bytes: Buffer): ProxyParse {
  const versionAndCommand = bytes[12]!;
  const family = bytes[13]!;
  const variable = bytes.readUInt16BE(14);
  if (versionAndCommand >> 4 !== 2 || variable > maxVariableBytes) return 'invalid';
  const length = fixedBytes + variable;
  const command = versionAndCommand & 0x0f;
  if (command > 1) return 'invalid';
  if (bytes.length < length) return 'incomplete';
  const unknown = { length, source: undefined, destination: undefined };
  if (command === 0) return unknown;
  if (family === 0x11) {
    if (variable < 12) return 'invalid';
    const address = (at: number): string => bytes.subarray(at, at + 4).join('.');
    return addresses(bytes, length, address(16), address(20), 24);
  }
  if (family === 0x21) {
    if (variable < 36) return 'invalid';
    return addresses(bytes, length, address6(bytes, 16), address6(bytes, 32), 48);
  }
  return unknown;
}

function addresses(
  bytes: Buffer,
  length: number,
  source: string,
  destination: string,
  portsAt: number,
): ProxyHeader {
  return {
    length,
    source: { address: plainAddress(source), port: bytes.readUInt16BE(portsAt) },
    destination: { address: plainAddress(destination), port: bytes.readUInt16BE(portsAt + 2) },
  };
}

/** In the form that node gives (RFC 5952), so that addresses compare as text. */
function address6(bytes: Buffer, at: number): string {
  const isMapped = bytes.readBigUInt64BE(at) === 0n && bytes.readUInt32BE(at + 8) === 0xffff;
  if (isMapped) return bytes.subarray(at + 12, at + 16).join('.');
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(at + 2 * index).toString(16));
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

/** The part of a connection that reading the header needs. */
export interface HeaderInput {
  readSome(): Promise<Buffer | undefined>;
  unread(bytes: Buffer): void;
}

/**
 * Takes the header off the input, however it is cut into pieces.
 * @throws ProxyHeaderError when there is none or it is malformed.
 */
export async function readProxyHeader(input: HeaderInput): Promise<ProxyHeader> {
  let bytes: Buffer = Buffer.alloc(0);
  for (;;) {
    const chunk = await input.readSome();
    if (chunk === undefined) throw new ProxyHeaderError('closed before the PROXY header');
    bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
    const header = parseProxyHeader(bytes);
    if (header === 'invalid') throw new ProxyHeaderError('no valid PROXY header');
    if (header !== 'incomplete') {
      input.unread(bytes.subarray(header.length));
      return header;
    }
  }
}
