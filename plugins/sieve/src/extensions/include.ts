/** include (RFC 6609): scripts in scripts, compiled when they are come to. */
import type { CommandDefinition, SieveExtension } from '../compiler/extension.js';
import { SieveError, SieveRuntimeError } from '../language/problem.js';
import type { Run } from '../runtime/run.js';

/** RFC 6609 §3.1: nesting is limited. */
const MAX_DEPTH = 10;
const LOCATION = 'location';

interface Inclusion {
  readonly location: 'personal' | 'global';
  readonly isOnce: boolean;
  readonly isOptional: boolean;
}

const include: CommandDefinition = {
  name: 'include',
  requires: 'include',
  positional: ['string'],
  tags: [
    { name: ':personal', group: LOCATION },
    { name: ':global', group: LOCATION },
    { name: ':once' },
    { name: ':optional' },
  ],
  compile(call) {
    const name = call.constant(0) ?? '';
    const inclusion: Inclusion = {
      location: call.has(':global') ? 'global' : 'personal',
      isOnce: call.has(':once'),
      isOptional: call.has(':optional'),
    };
    return (run) => included(run, name, inclusion);
  },
};

async function included(run: Run, name: string, { location, isOnce, isOptional }: Inclusion): Promise<void> {
  const key = `${location} ${name}`;
  if (run.including.includes(key)) throw new SieveRuntimeError(`the script "${name}" includes itself`);
  if (run.including.length === MAX_DEPTH) throw new SieveRuntimeError('scripts are included too deeply');
  if (isOnce && run.included.has(key)) return;
  run.countInclude();
  const program = await run.world.program(location, name);
  if (program === undefined) {
    if (isOptional) return;
    throw new SieveRuntimeError(`there is no script "${name}" to include`);
  }
  run.included.add(key);
  await inOwnScope(run, key, () => program.run(run));
}

/** Variables are the script's own, but those it calls global (RFC 6609 §3.3). */
async function inOwnScope(run: Run, key: string, work: () => void | Promise<void>): Promise<void> {
  const { variables, shared } = run;
  run.variables = new Map();
  run.shared = new Set();
  run.including.push(key);
  try {
    await work();
  } finally {
    run.including.pop();
    run.variables = variables;
    run.shared = shared;
    run.isReturning = false;
  }
}

const returns: CommandDefinition = {
  name: 'return',
  requires: 'include',
  compile: () => (run) => {
    run.isReturning = true;
  },
};

const global: CommandDefinition = {
  name: 'global',
  requires: 'include',
  positional: ['strings'],
  compile(call, compiler) {
    compiler.checkRequired('variables', 'global', call.at);
    const names = call.constants(0).map((name) => name.toLowerCase());
    for (const name of names) {
      if (!/^[a-z_][a-z0-9_]*$/.test(name))
        throw new SieveError(`${JSON.stringify(name)} is no name of a variable`, call.at);
      compiler.declareVariable(name, call.at);
    }
    return (run) => {
      for (const name of names) run.shared.add(name);
    };
  },
};

export const includeExtension: SieveExtension = { names: ['include'], commands: [include, returns, global] };
