/** ihave (RFC 5463). */
import type { CommandDefinition, SieveExtension, TestDefinition } from '../compiler/extension.js';
import { SieveRuntimeError } from '../language/problem.js';

const ihave: TestDefinition = {
  name: 'ihave',
  requires: 'ihave',
  positional: ['strings'],
  compile(call, compiler) {
    // RFC 5463 §4: known when it is compiled, so no variables.
    const names = call.constants(0);
    const has = compiler.have(names);
    return () => has;
  },
};

const error: CommandDefinition = {
  name: 'error',
  requires: 'ihave',
  positional: ['string'],
  compile(call) {
    const message = call.text(0);
    return (run) => {
      throw new SieveRuntimeError(`the script says: ${message(run)}`);
    };
  },
};

export const ihaveExtension: SieveExtension = { names: ['ihave'], tests: [ihave], commands: [error] };
