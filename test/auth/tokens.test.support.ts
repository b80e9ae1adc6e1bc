/** OAuth tokens, and the client's side of the mechanisms that carry them. */
import { generateKeyPairSync, sign } from 'node:crypto';
import type { SaslClient } from '@angarium/testing';

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
export const jwks = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'ES256' }] };

/** Signed by the key of `jwks`. @param ballast makes it longer, as group memberships do. */
export function token(user: string, secondsLeft = 600, ballast = ''): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = {
    sub: user,
    iss: 'https://idp.example',
    aud: 'imap',
    exp: Math.floor(Date.now() / 1000) + secondsLeft,
    ballast,
  };
  const signed = `${encode({ alg: 'ES256', kid: 'k1' })}.${encode(claims)}`;
  const signature = sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

const messages = {
  OAUTHBEARER: (user: string, bearer: string) => `n,a=${user},\x01auth=Bearer ${bearer}\x01\x01`,
  XOAUTH2: (user: string, bearer: string) => `user=${user}\x01auth=Bearer ${bearer}\x01\x01`,
};

/** Answers an error challenge as RFC 7628 §3.2.3 says, and keeps it. */
export function bearer(mechanism: keyof typeof messages, user: string, text: string) {
  const errors: string[] = [];
  const initial = Buffer.from(messages[mechanism](user, text));
  const client: SaslClient = {
    initial,
    respond(challenge) {
      if (challenge.length === 0) return initial;
      errors.push(challenge.toString());
      return Buffer.from('\x01');
    },
  };
  return { client, errors };
}
