/** `(NAME [SP value] …)` behind the arguments of SELECT, CREATE, … (RFC 4466 §2). */
import type { CommandLine, CommandParameter } from '@angarium/sdk';
import type { Features } from '../registry.js';

export interface GivenParameter {
  readonly parameter: CommandParameter;
  readonly args: unknown;
}

/** What follows a space; unknown parameters are a syntax error (RFC 4466 §2.1). */
export function parseParameters(
  line: CommandLine,
  features: Features,
  command: CommandParameter['command'],
): readonly GivenParameter[] {
  if (line.isAtEnd) return [];
  line.sp();
  return parameterList(line, features, command);
}

/** From the parenthesis on. */
export function parameterList(
  line: CommandLine,
  features: Features,
  command: CommandParameter['command'],
): readonly GivenParameter[] {
  return line.list(() => {
    const name = line.keyword();
    const parameter = features.parameter(command, name);
    if (parameter === undefined)
      return line.fail(`a parameter of ${command} instead of ${name.slice(0, 40)}`);
    return { parameter, args: parameter.parse?.(line) };
  });
}
