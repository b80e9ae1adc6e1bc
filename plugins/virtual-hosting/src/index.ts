/** Many domains on one server: what they mean, whose their addresses are, what each may have. */
import { definePlugin, LOGIN_DOMAINS, part, provide, VIRTUAL_DOMAINS } from '@angarium/sdk';
import { AddressMaps } from './address-maps.js';
import { Domains } from './domains.js';
import { DomainLimits } from './limits.js';

export default definePlugin({
  provides: [provide([VIRTUAL_DOMAINS, LOGIN_DOMAINS], Domains)],
  parts: [part(AddressMaps), part(DomainLimits)],
});
