/** The two messages of a SCRAM client (RFC 5802 §7), to the letter of the grammar. */
import { decodeBase64, decodeSaslName, type Gs2Header, parseGs2Header } from '@angarium/sdk';

export interface ClientFirst {
  readonly header: Gs2Header;
  /** As claimed, SASLprep not applied. */
  readonly name: string;
  readonly nonce: string;
  /** The message without its GS2 header, as it is signed. */
  readonly bare: string;
}

export interface ClientFinal {
  /** GS2 header and channel binding data. */
  readonly binding: Buffer;
  readonly nonce: string;
  readonly proof: Buffer;
  /** The message up to the proof, as it is signed. */
  readonly withoutProof: string;
}

/** Bounds of what is repeated in the next message. */
const MAX_NONCE_LENGTH = 1024;

/** `printable`: visible ASCII without the comma. */
const nonceForm = /^[\x21-\x2b\x2d-\x7e]+$/;

/**
 * `gs2-header [m=…,] n=name,r=nonce[,extensions]`. 'extension' for a mandatory one, of which there are none; undefined for
 * anything else that breaks the grammar. Optional extensions are passed over.
 */
export function parseClientFirst(message: string): ClientFirst | 'extension' | undefined {
  const header = parseGs2Header(message);
  if (header === undefined) return undefined;
  const bare = message.slice(header.raw.length);
  if (bare.startsWith('m=')) return 'extension';
  const [claim = '', random = '', ...extensions] = bare.split(',');
  if (!claim.startsWith('n=') || !random.startsWith('r=') || !extensions.every(isAttribute)) return undefined;
  const name = decodeSaslName(claim.slice(2));
  const nonce = random.slice(2);
  if (name === undefined || !nonceForm.test(nonce) || nonce.length > MAX_NONCE_LENGTH) return undefined;
  return { header, name, nonce, bare };
}

/** `c=base64,r=nonce[,extensions],p=base64`. */
export function parseClientFinal(message: string): ClientFinal | undefined {
  const end = message.lastIndexOf(',p=');
  if (end < 0) return undefined;
  const withoutProof = message.slice(0, end);
  const [channel = '', random = '', ...extensions] = withoutProof.split(',');
  if (!channel.startsWith('c=') || !random.startsWith('r=') || !extensions.every(isAttribute))
    return undefined;
  const binding = decodeBase64(channel.slice(2));
  const proof = decodeBase64(message.slice(end + 3));
  if (binding === undefined || proof === undefined) return undefined;
  return { binding, nonce: random.slice(2), proof, withoutProof };
}

function isAttribute(text: string): boolean {
  return /^[A-Za-z]=./su.test(text);
}
