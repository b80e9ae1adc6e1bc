/** A second factor: codes of the moment (RFC 6238), recovery codes, and who has to come with an application password. */
import { definePlugin, part, provide, SECOND_FACTOR } from '@angarium/sdk';
import { TotpCommand } from './command.js';
import { FactorGate } from './gate.js';
import { TotpFactor } from './totp-factor.js';

export default definePlugin({
  provides: [provide(SECOND_FACTOR, TotpFactor)],
  parts: [part(FactorGate), part(TotpCommand)],
});
