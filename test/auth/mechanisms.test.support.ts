/** Every SASL mechanism, with the client's side of those that can be spoken here; the others are left to programs. */
import type { TLSSocket } from 'node:tls';
import {
  cramMd5Client,
  loginClient,
  plainClient,
  type SaslClient,
  ScramClient,
  type ScramClientOptions,
} from '@angarium/testing';
import { bearer, token } from './tokens.test.support.js';

export interface Login {
  readonly user: string;
  readonly isRight: boolean;
  readonly authzid?: string;
  readonly socket: TLSSocket | undefined;
}

export interface Mechanism {
  readonly name: string;
  /** Only over TLS; 'certificate': with one of the client's. */
  readonly tls?: 'yes' | 'certificate';
  /** The server speaks first, and takes no initial response. */
  readonly isServerFirst?: true;
  /** Carries an authorization identity. */
  readonly actsAs?: true;
  client?(login: Login): SaslClient;
}

const passwordOf = ({ isRight }: Login) => (isRight ? 'secret' : 'wrong');

const hashes = ['SHA-512', 'SHA-256', 'SHA-1'] as const;
/** Salted passwords, right and wrong ones of each hash. */
const caches = new Map<string, Map<string, Buffer>>();

function scramClient(hash: ScramClientOptions['hash'], isPlus: boolean, login: Login): SaslClient {
  const { user, authzid, socket } = login;
  const password = passwordOf(login);
  const key = `${hash} ${password}`;
  const cache = caches.get(key) ?? new Map<string, Buffer>();
  caches.set(key, cache);
  const who = { user, password, hash, cache, ...(authzid === undefined ? {} : { authzid }) };
  if (!isPlus) return new ScramClient(who);
  const data = socket!.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0));
  return new ScramClient({ ...who, binding: { type: 'tls-exporter', data } });
}

const scram = (hash: ScramClientOptions['hash'], isPlus: boolean): Mechanism => ({
  name: `SCRAM-${hash}${isPlus ? '-PLUS' : ''}`,
  ...(isPlus ? { tls: 'yes' as const } : {}),
  actsAs: true,
  client: (login) => scramClient(hash, isPlus, login),
});

const oauth = (name: 'OAUTHBEARER' | 'XOAUTH2'): Mechanism => ({
  name,
  actsAs: true,
  client: ({ user, authzid = user, isRight }) =>
    bearer(name, authzid, token(user, isRight ? 600 : -60)).client,
});

/** One message, whenever it is asked for. */
export const says = (text: string): SaslClient => ({
  initial: Buffer.from(text),
  respond: () => Buffer.from(text),
});

/** Best first, as the server offers them; without ANONYMOUS, which comes last. */
export const mechanisms: readonly Mechanism[] = [
  { name: 'EXTERNAL', tls: 'certificate', actsAs: true, client: ({ authzid = '' }) => says(authzid) },
  { name: 'GSSAPI', actsAs: true },
  ...hashes.map((hash) => scram(hash, true)),
  ...hashes.map((hash) => scram(hash, false)),
  oauth('OAUTHBEARER'),
  oauth('XOAUTH2'),
  { name: 'DIGEST-MD5', isServerFirst: true, actsAs: true },
  {
    name: 'CRAM-MD5',
    isServerFirst: true,
    client: (login) => cramMd5Client(login.user, passwordOf(login)),
  },
  {
    name: 'PLAIN',
    actsAs: true,
    client: (login) => plainClient(login.user, passwordOf(login), login.authzid),
  },
  { name: 'LOGIN', client: (login) => loginClient(login.user, passwordOf(login)) },
];
