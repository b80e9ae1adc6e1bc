/** What the kernel itself provides: no plugin need list it, none may provide it. */
import { CLOCK, CONFIG, contractName, HOOKS, HOST, LOGGER, MESSAGE_BUS } from '@angarium/sdk';

export const kernelContracts: ReadonlySet<string> = new Set(
  [CONFIG, LOGGER, CLOCK, HOST, MESSAGE_BUS, HOOKS].map(contractName),
);
