/** IP addresses as sockets tell them, in one form: IPv4 is never written inside IPv6. Networks are written as in manifests. */
import { BlockList, isIP, isIPv4 } from 'node:net';

const mappedPrefix = /^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i;

/** `::ffff:192.0.2.1` becomes `192.0.2.1`; everything else stays. */
export function plainAddress(address: string): string {
  return address.replace(mappedPrefix, '');
}

/** 127.0.0.0/8 and ::1. */
export function isLoopback(address: string): boolean {
  return address === '::1' || (address.startsWith('127.') && isIPv4(address));
}

/** `localhost`, or a loopback address: what travels there leaves the machine never. */
export function isLocalHost(host: string): boolean {
  return host === 'localhost' || isLoopback(host);
}

/** Answers whether an address is in one of the networks. */
export interface Networks {
  has(address: string): boolean;
}

/**
 * @param networks addresses and networks (`192.0.2.0/24`, `2001:db8::/32`), and `unix` for unix sockets.
 * @throws Error naming the entry that is neither.
 */
export function parseNetworks(networks: readonly string[]): Networks {
  const list = new BlockList();
  let hasUnix = false;
  for (const entry of networks) {
    if (entry === 'unix') {
      hasUnix = true;
      continue;
    }
    const [address = '', bits, ...rest] = entry.split('/');
    const version = isIP(address);
    const width = version === 4 ? 32 : 128;
    const prefix = bits === undefined ? width : /^\d+$/.test(bits) ? Number(bits) : Number.NaN;
    if (version === 0 || rest.length > 0 || !(prefix >= 0 && prefix <= width)) {
      throw new Error(
        `"${entry}" is no address or network; expected as 192.0.2.1, 192.0.2.0/24 or 2001:db8::/32`,
      );
    }
    list.addSubnet(address, prefix, version === 4 ? 'ipv4' : 'ipv6');
  }
  return {
    has(address) {
      const version = isIP(address);
      if (version === 0) return hasUnix && address === 'unix';
      return list.check(address, version === 4 ? 'ipv4' : 'ipv6');
    },
  };
}
