/** Trees back to text that parses to the same tree. */
import type { Argument, CommandNode, TestNode } from './ast.js';

export function printScript(commands: readonly CommandNode[], indent = ''): string {
  return commands.map((command) => printCommand(command, indent)).join('');
}

function printCommand(command: CommandNode, indent: string): string {
  const head = `${indent}${printTest(command)}`;
  if (command.block === undefined) return `${head};\r\n`;
  return `${head} {\r\n${printScript(command.block, `${indent}  `)}${indent}}\r\n`;
}

function printTest({ name, args, tests, isTestList }: TestNode): string {
  const list = tests.map(printTest).join(', ');
  const behind = tests.length === 0 ? '' : isTestList ? ` (${list})` : ` ${list}`;
  return `${name}${args.map((one) => ` ${printArgument(one)}`).join('')}${behind}`;
}

function printArgument(argument: Argument): string {
  if (argument.kind === 'tag') return argument.name;
  if (argument.kind === 'number') return String(argument.value);
  if (argument.kind === 'string') return quoted(argument.value);
  return `[${argument.values.map(({ value }) => quoted(value)).join(', ')}]`;
}

function quoted(value: string): string {
  return `"${value.replace(/["\\]/g, '\\$&')}"`;
}
