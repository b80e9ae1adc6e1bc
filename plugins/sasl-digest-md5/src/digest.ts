/** The hash of DIGEST-MD5 (RFC 2831 §2.1.2.1, §2.1.3) for qop=auth. */
import { createHash } from 'node:crypto';

export interface DigestInput {
  readonly username: string;
  readonly realm: string;
  readonly password: string;
  readonly nonce: string;
  readonly cnonce: string;
  readonly nonceCount: string;
  readonly digestUri: string;
  readonly authzid: string | undefined;
}

/** 32 hex digits. @param sender the client's response begins its A2 with AUTHENTICATE, the server's `rspauth` with nothing. */
export function digestOf(input: DigestInput, sender: 'client' | 'server'): string {
  const { nonce, cnonce, nonceCount, digestUri, authzid } = input;
  const secret = md5(
    Buffer.concat([
      octets(input.username),
      Buffer.from(':'),
      octets(input.realm),
      Buffer.from(':'),
      octets(input.password),
    ]),
  );
  const tail = authzid === undefined ? '' : `:${authzid}`;
  const a1 = md5(Buffer.concat([secret, Buffer.from(`:${nonce}:${cnonce}${tail}`)])).toString('hex');
  const a2 = md5(Buffer.from(`${sender === 'client' ? 'AUTHENTICATE' : ''}:${digestUri}`)).toString('hex');
  return md5(Buffer.from(`${a1}:${nonce}:${nonceCount}:${cnonce}:auth:${a2}`)).toString('hex');
}

/** RFC 2831 §2.1.2.1: ISO 8859-1 where that is possible, so that it does not matter which charset the client spoke. */
function octets(text: string): Buffer {
  return Buffer.from(text, /^[\0-\u00ff]*$/.test(text) ? 'latin1' : 'utf8');
}

function md5(data: Buffer): Buffer {
  return createHash('md5').update(data).digest();
}
