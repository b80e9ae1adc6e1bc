/** subaddress (RFC 5233): `:user` and `:detail`. */
import type { AddressPart, SieveExtension } from '../compiler/extension.js';

function split(localPart: string, separators: string): readonly [user: string, detail: string | undefined] {
  for (let i = 0; i < localPart.length; i++) {
    if (separators.includes(localPart[i]!)) return [localPart.slice(0, i), localPart.slice(i + 1)];
  }
  return [localPart, undefined];
}

const shared = { requires: 'subaddress', group: 'address part' };
const user: AddressPart = {
  ...shared,
  name: ':user',
  of: (local, _domain, separators) => split(local, separators)[0],
};
const detail: AddressPart = {
  ...shared,
  name: ':detail',
  of: (local, _domain, separators) => split(local, separators)[1],
};

export const subaddressExtension: SieveExtension = { names: ['subaddress'], addressParts: [user, detail] };
