import { createSecretKey } from 'node:crypto';
import type { AuthContext, SaslMechanism, ScramHash } from '@angarium/sdk';
import { ScramExchange } from './exchange.js';

/** RFC 5929 and RFC 9266. */
export type BindingType = 'tls-exporter' | 'tls-unique' | 'tls-server-end-point';

/** As config.schema.json has it, defaults filled in. */
export interface ScramConfig {
  readonly mechanisms: readonly `SCRAM-${ScramHash}`[];
  readonly channelBindings: readonly BindingType[];
}

/** Between PLAIN and mechanisms that need no password; bound to the channel is better than any hash. */
const strengths: Readonly<Record<ScramHash, number>> = { 'SHA-512': 52, 'SHA-256': 51, 'SHA-1': 50 };
const BOUND = 10;

/** @param decoys a key of the data folder: the salts of users who do not exist are made with it. */
export function scramMechanisms(config: ScramConfig, decoys: Buffer): SaslMechanism[] {
  const decoyKey = createSecretKey(decoys);
  const isBound = (context: AuthContext) =>
    config.channelBindings.some((type) => context.connection.tls?.channelBinding(type) !== undefined);
  return config.mechanisms.flatMap((name): SaslMechanism[] => {
    const hash = name.slice('SCRAM-'.length) as ScramHash;
    const strength = strengths[hash];
    const shared = { clientFirst: true, isPlaintext: false, needs: hash } as const;
    const plain: SaslMechanism = {
      ...shared,
      name,
      strength,
      start: (environment) => new ScramExchange({ hash, isPlus: false, name, config, decoyKey }, environment),
    };
    const plus: SaslMechanism = {
      ...shared,
      name: `${name}-PLUS`,
      strength: strength + BOUND,
      isAvailable: isBound,
      conditions: 'TLS with a channel binding',
      start: (environment) => new ScramExchange({ hash, isPlus: true, name, config, decoyKey }, environment),
    };
    return config.channelBindings.length > 0 ? [plus, plain] : [plain];
  });
}
