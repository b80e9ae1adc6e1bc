/** OAUTHBEARER (RFC 7628) and XOAUTH2. */
import {
  adding,
  CLOCK,
  type Clock,
  CONFIG,
  definePlugin,
  HOST,
  type Host,
  SASL_MECHANISMS,
  type SaslMechanism,
} from '@angarium/sdk';
import type { OauthConfig } from './config.js';
import { Introspection } from './introspection.js';
import { JwtCheck } from './jwt-check.js';
import { oauthMechanism } from './mechanism.js';

function mechanisms(config: OauthConfig, { dataDir }: Host, clock: Clock): readonly SaslMechanism[] {
  const { jwks, introspection } = config;
  const checks = [
    ...(jwks === undefined ? [] : [new JwtCheck(config, jwks, dataDir, clock)]),
    ...(introspection === undefined ? [] : [new Introspection(config, introspection, clock)]),
  ];
  if (checks.length === 0) throw new Error('one of jwks and introspection must be there');
  return config.mechanisms.map((name) => oauthMechanism(name, { config, checks }));
}

export default definePlugin({ parts: [adding(SASL_MECHANISMS, [CONFIG, HOST, CLOCK], mechanisms)] });
