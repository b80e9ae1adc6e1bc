/** if, elsif, else (RFC 5228 §3.1). */
import type { CommandNode } from '../language/ast.js';
import { SieveError } from '../language/problem.js';
import type { Compiler } from './compiler.js';
import type { Step, Test } from './extension.js';

interface Branch {
  /** Undefined: else. */
  readonly test: Test | undefined;
  readonly block: Step;
}

export function compileControl(compiler: Compiler, nodes: readonly CommandNode[]): Step {
  const branches = nodes.map((node, i) => {
    if (nodes[i - 1]?.name === 'else') throw new SieveError(`${node.name} after else`, node.at);
    return branchOf(compiler, node);
  });
  return async (run) => {
    for (const { test, block } of branches) {
      run.spend(1);
      if (test === undefined || (await test(run))) {
        await block(run);
        return;
      }
    }
  };
}

function branchOf(compiler: Compiler, { name, args, tests, isTestList, block, at }: CommandNode): Branch {
  if (block === undefined) throw new SieveError(`${name} needs a block`, at);
  if (args.length > 0) throw new SieveError(`${name} takes no arguments`, at);
  if (name === 'else') {
    if (tests.length > 0) throw new SieveError('else takes no test', at);
    return { test: undefined, block: compiler.block(block) };
  }
  const [test] = tests;
  if (test === undefined || isTestList) throw new SieveError(`${name} needs a test`, at);
  return { test: compiler.testWhenAsked(test), block: compiler.block(block) };
}
