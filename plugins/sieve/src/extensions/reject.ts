/** reject and ereject (RFC 5429). */
import type { CommandDefinition, SieveExtension } from '../compiler/extension.js';

function rejection(name: string, isExtended: boolean): CommandDefinition {
  return {
    name,
    requires: name,
    positional: ['string'],
    compile(call) {
      const reason = call.text(0);
      return (run) => {
        run.hasImplicitKeep = false;
        run.act({ is: 'reject', reason: reason(run), isExtended });
      };
    },
  };
}

export const rejectExtension: SieveExtension = { names: ['reject'], commands: [rejection('reject', false)] };
export const erejectExtension: SieveExtension = {
  names: ['ereject'],
  commands: [rejection('ereject', true)],
};
