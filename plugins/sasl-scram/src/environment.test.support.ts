import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { MailError, type SaslEnvironment, type ScramHash, type ScramKeys, type UserId } from '@angarium/sdk';

/** As a password source makes them. */
export function keysOf(hash: ScramHash, password: string, salt: Buffer, iterations = 4096): ScramKeys {
  const digest = hash.replace('-', '').toLowerCase();
  const salted = pbkdf2Sync(password, salt, iterations, createHash(digest).digest().length, digest);
  const clientKey = createHmac(digest, salted).update('Client Key').digest();
  return {
    salt,
    iterations,
    storedKey: createHash(digest).update(clientKey).digest(),
    serverKey: createHmac(digest, salted).update('Server Key').digest(),
  };
}

export interface FakeOptions {
  readonly keys?: (user: string) => ScramKeys | undefined;
  readonly offered?: readonly string[];
  /** Channel bindings of the connection; undefined: no TLS. */
  readonly bindings?: Readonly<Record<string, Buffer>>;
}

/** Everything that SCRAM asks of its surroundings. */
export function fakeEnvironment({ keys, offered = [], bindings }: FakeOptions): SaslEnvironment {
  const tls = bindings && { channelBinding: (type: string) => bindings[type] };
  return {
    context: { service: 'imap', connection: { tls } },
    normalise(name: string) {
      if (name.includes('/')) throw new MailError('CANNOT', 'no name');
      return name.toLowerCase() as UserId;
    },
    scramKeys: async (user: UserId) => keys?.(user),
    scramParameters: () => ({ iterations: 4096, saltBytes: 12 }),
    isOffered: (name: string) => offered.includes(name),
  } as unknown as SaslEnvironment;
}
