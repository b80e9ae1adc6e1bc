/** Addresses in header fields and in the envelope (RFC 5228 §5.1, §5.4). */
import { decodeWords, flattenAddresses, parseAddressList } from '@angarium/sdk';
import type { Call } from '../compiler/call.js';
import { whole } from '../compiler/matching.js';
import type { Run } from '../runtime/run.js';

/** The local part's quotes are gone, encoded words are not looked into; undefined: it is no address. */
export function splitAddress(
  address: string,
): { readonly localPart: string; readonly domain: string } | undefined {
  const at = address.lastIndexOf('@');
  const written = at < 0 ? address : address.slice(0, at);
  const localPart = /^"(.*)"$/s.exec(written)?.[1]?.replace(/\\(.)/gs, '$1') ?? written;
  return localPart === '' && at < 0 ? undefined : { localPart, domain: at < 0 ? '' : address.slice(at + 1) };
}

/** Is it one address that mail can be sent to? Without comments and names. */
export function isSendable(address: string): boolean {
  return (
    address.length <= 320 &&
    /^(?:[^\s@<>()[\]\\,;:"\x00-\x1f\x7f]+|"(?:[^"\\\x00-\x1f\x7f]|\\[\x20-\x7e])*")@[^\s@<>()\\,;:"\x00-\x1f\x7f]+$/.test(
      address,
    )
  );
}

/** Which part of an address this call looks at. */
export function addressPartOf(
  call: Call,
): (run: Run, localPart: string, domain: string) => string | undefined {
  const { addressParts } = call.compiler.language;
  for (const tag of call.tagNames) {
    const part = addressParts.get(tag);
    if (part !== undefined) return (run, local, domain) => part.of(local, domain, run.world.detailSeparators);
  }
  return (_run, localPart, domain) => whole(localPart, domain);
}

/** Longer fields are looked at up to here. */
export const MAX_ADDRESS_FIELD = 128 * 1024;

/** All addresses of a field's value, latin1 as it was received. */
export function addressesOf(raw: string): { readonly localPart: string; readonly domain: string }[] {
  return flattenAddresses(parseAddressList(raw.slice(0, MAX_ADDRESS_FIELD)))
    .filter(({ mailbox, host }) => mailbox !== '' || host !== '')
    .map(({ mailbox, host }) => ({ localPart: decodeWords(mailbox), domain: decodeWords(host) }));
}
