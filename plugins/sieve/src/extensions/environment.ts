/** environment (RFC 5183). */
import type { SieveExtension, TestDefinition } from '../compiler/extension.js';

const environment: TestDefinition = {
  name: 'environment',
  requires: 'environment',
  positional: ['string', 'strings'],
  matches: 'match',
  compile(call) {
    const name = call.text(0);
    const keys = call.texts(1);
    const matches = call.matcher();
    return (run) => {
      // An item nobody knows makes the test false, whatever the match type.
      const value = run.world.environment(name(run).toLowerCase());
      return value !== undefined && matches(run, [value], keys(run));
    };
  },
};

export const environmentExtension: SieveExtension = { names: ['environment'], tests: [environment] };
