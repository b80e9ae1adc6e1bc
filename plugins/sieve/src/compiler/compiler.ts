/** Trees to closures. Mistakes are gathered; with one of them there is no program. */
import type { SieveProblem } from '@angarium/sdk';
import type { Argument, CommandNode, StringArgument, TestNode } from '../language/ast.js';
import { decodeScript, parseScript } from '../language/parser.js';
import { type Position, SieveError, SieveRuntimeError } from '../language/problem.js';
import { Call, stringsOf } from './call.js';
import { compileControl } from './control.js';
import type { Comparator, Definition, MatchFunction, Step, Tag, Test } from './extension.js';
import type { Language } from './language.js';
import { matchWithout } from './matching.js';
import { compileTemplate, type Template } from './template.js';

const MAX_PROBLEMS = 20;
/** RFC 5229 §6: 128 at least. */
const MAX_VARIABLES = 256;

/** What a script became. */
export interface Program {
  readonly run: Step;
  /** Capabilities that it requires. */
  readonly required: ReadonlySet<string>;
}

export type Compilation = {
  readonly problems: readonly SieveProblem[];
  readonly warnings: readonly SieveProblem[];
} & ({ readonly program: Program } | { readonly program: undefined });

/** Never throws for what is in the script. */
export function compileScript(octets: Uint8Array, language: Language): Compilation {
  const compiler = new Compiler(language);
  try {
    const run = compiler.script(parseScript(decodeScript(octets)));
    const { problems, warnings, required } = compiler;
    return { problems, warnings, program: problems.length > 0 ? undefined : { run, required } };
  } catch (error) {
    if (!(error instanceof SieveError)) throw error;
    return {
      problems: [...compiler.problems, error.problem],
      warnings: compiler.warnings,
      program: undefined,
    };
  }
}

export class Compiler {
  readonly problems: SieveProblem[] = [];
  readonly warnings: SieveProblem[] = [];
  readonly required = new Set<string>();
  /** RFC 5463 §4: what an `ihave` has found missing; mistakes from there on are told in the run. */
  private isLenient = false;
  private readonly variables = new Set<string>();

  constructor(readonly language: Language) {}

  script(commands: readonly CommandNode[]): Step {
    let count = 0;
    while (commands[count]?.name === 'require') this.require(commands[count++] as CommandNode);
    return this.block(commands.slice(count));
  }

  block(commands: readonly CommandNode[]): Step {
    const steps: Step[] = [];
    for (let i = 0; i < commands.length; i++) {
      const node = commands[i] as CommandNode;
      if (node.name !== 'if') {
        steps.push(this.guarded(node.at, () => this.command(node)));
        continue;
      }
      const branches = [node];
      while (/^els(e|if)$/.test(commands[i + 1]?.name ?? '')) branches.push(commands[++i] as CommandNode);
      steps.push(this.guarded(node.at, () => compileControl(this, branches)));
    }
    return sequence(steps);
  }

  test(node: TestNode): Test {
    const definition = this.language.tests.get(node.name);
    if (definition === undefined) throw this.unknown('test', node);
    if ('block' in node && node.block !== undefined) throw new SieveError('a test has no block', node.at);
    return definition.compile(this.call(node, definition), this);
  }

  /** One that may never be asked: behind a failed `ihave` its mistake is told only when it is (RFC 5463 §4). */
  testWhenAsked(node: TestNode): Test {
    try {
      return this.test(node);
    } catch (error) {
      if (!(error instanceof SieveError) || !this.isLenient) throw error;
      return () => {
        throw runtimeError(error, node.at);
      };
    }
  }

  template(argument: StringArgument): Template {
    return compileTemplate(argument, {
      hasVariables: this.required.has('variables'),
      hasEncodedCharacters: this.required.has('encoded-character'),
    });
  }

  warn(message: string, at: Position): void {
    if (this.warnings.length < MAX_PROBLEMS) this.warnings.push({ ...at, message });
  }

  /** Makes room for a variable. @throws SieveError */
  declareVariable(name: string, at: Position): void {
    this.variables.add(name);
    if (this.variables.size > MAX_VARIABLES) throw new SieveError('too many variables', at);
  }

  /** `ihave` (RFC 5463 §4): as if it were required, if it is there. */
  have(names: readonly string[]): boolean {
    const has = names.every((name) => {
      // What changes the meaning of strings must be known before them.
      const isGrammar = name === 'variables' || name === 'encoded-character';
      return isGrammar ? this.required.has(name) : this.language.capabilities.has(name);
    });
    if (has) for (const name of names) this.required.add(name);
    else this.isLenient = true;
    return has;
  }

  comparatorOf(call: Call): Comparator {
    const name = call.constant(':comparator') ?? 'i;ascii-casemap';
    const comparator = this.language.comparators.get(name);
    if (comparator === undefined) throw call.error(`there is no comparator "${name}"`, ':comparator');
    const isBase = name === 'i;ascii-casemap' || name === 'i;octet';
    if (!isBase && !this.required.has(`comparator-${name}`))
      throw call.error(`the comparator needs require "comparator-${name}"`, ':comparator');
    return comparator;
  }

  matchOf(call: Call, comparator: Comparator): MatchFunction {
    for (const tag of call.tagNames) {
      const type = this.language.matchTypes.get(tag);
      if (type === undefined) continue;
      const needsSubstrings = tag === ':contains' || tag === ':matches' || tag === ':regex';
      if (needsSubstrings && !comparator.hasSubstrings)
        throw call.error(`the comparator ${comparator.name} cannot do ${tag}`);
      return type.compile(type.value === undefined ? undefined : call.constant(tag), call);
    }
    return matchWithout;
  }

  private command(node: CommandNode): Step {
    const { name, at, block } = node;
    if (name === 'require') throw new SieveError('require must come before all other commands', at);
    if (name === 'else' || name === 'elsif') throw new SieveError(`${name} without if`, at);
    const definition = this.language.commands.get(name);
    if (definition === undefined) throw this.unknown('command', node);
    if (definition.block !== true && block !== undefined) throw new SieveError(`${name} has no block`, at);
    if (definition.block === true && block === undefined) throw new SieveError(`${name} needs a block`, at);
    return definition.compile(this.call(node, definition), this);
  }

  private unknown(kind: string, { name, at }: TestNode): SieveError {
    return new SieveError(`unknown ${kind} "${name}"`, at);
  }

  /** Gathers mistakes; behind a failed `ihave` they are told only if the script comes there. */
  private guarded(at: Position, compile: () => Step): Step {
    try {
      return compile();
    } catch (error) {
      if (!(error instanceof SieveError)) throw error;
      if (this.isLenient) {
        return () => {
          throw runtimeError(error, at);
        };
      }
      this.problems.push(error.problem);
      if (this.problems.length >= MAX_PROBLEMS) throw new SieveError('too many mistakes', at);
      return () => {};
    }
  }

  private require({ args, tests, block, at }: CommandNode): void {
    const names = stringsOf(args[0]);
    if (names.length === 0 || args.length > 1 || tests.length > 0 || block !== undefined)
      throw new SieveError('require takes a list of strings', at);
    for (const { value, at: place } of names) {
      if (this.language.capabilities.has(value)) this.required.add(value);
      else if (this.problems.length < MAX_PROBLEMS)
        this.problems.push({ ...place, message: `there is no extension "${value}"` });
    }
  }

  private call(node: TestNode, definition: Definition<unknown>): Call {
    this.checkRequired(definition.requires, definition.name, node.at);
    const sorter = new ArgumentSorter(this, node, definition);
    checkTests(node, definition);
    return sorter.call();
  }

  checkRequired(capability: string | undefined, what: string, at: Position): void {
    if (capability !== undefined && !this.required.has(capability))
      throw new SieveError(`${what} needs require "${capability}"`, at);
  }
}

function runtimeError(error: SieveError, at: Position): SieveRuntimeError {
  return new SieveRuntimeError(`line ${at.line}: ${error.message}`);
}

function checkTests({ name, at, tests, isTestList }: TestNode, definition: Definition<unknown>): void {
  const { tests: wanted } = definition;
  if (wanted === undefined && tests.length > 0) throw new SieveError(`${name} takes no tests`, at);
  if (wanted === 'list' && !isTestList) throw new SieveError(`${name} needs a list of tests`, at);
  if (wanted === 'one' && (isTestList || tests.length !== 1))
    throw new SieveError(`${name} needs a test`, at);
}

/** RFC 5228 §2.6: tagged arguments come before the positional ones, in any order. */
class ArgumentSorter {
  private readonly positional: Argument[] = [];
  private readonly tags = new Map<string, Argument | undefined>();
  private readonly groups = new Map<string, string>();

  constructor(
    private readonly compiler: Compiler,
    private readonly node: TestNode,
    private readonly definition: Definition<unknown>,
  ) {}

  call(): Call {
    const { args } = this.node;
    for (let i = 0; i < args.length; i++) {
      const argument = args[i] as Argument;
      if (argument.kind !== 'tag') {
        this.positional.push(argument);
        continue;
      }
      if (this.positional.length > 0)
        throw new SieveError(`${argument.name} must stand before the other arguments`, argument.at);
      const tag = this.tag(argument.name, argument.at);
      const value = tag.value === undefined ? undefined : args[++i];
      if (tag.value !== undefined) checkType(value, tag.value, `${tag.name} needs`, argument.at);
      this.tags.set(tag.name, value);
    }
    return new Call(this.compiler, this.node, this.sorted(), this.tags, [...this.tags.keys()]);
  }

  private tag(name: string, at: Position): Tag {
    const tag = this.compiler.language.tagOf(this.definition, name);
    if (tag === undefined) throw new SieveError(`${this.node.name} has no argument ${name}`, at);
    this.compiler.checkRequired(tag.requires, name, at);
    const group = tag.group ?? name;
    const before = this.groups.get(group);
    if (before !== undefined)
      throw new SieveError(
        before === name ? `${name} stands there twice` : `${before} and ${name} exclude each other`,
        at,
      );
    this.groups.set(group, name);
    return tag;
  }

  /** Those that may be left out are the first ones. */
  private sorted(): (Argument | undefined)[] {
    const { node, positional } = this;
    const { positional: types = [], optional = 0, name } = this.definition;
    const missing = types.length - positional.length;
    if (missing < 0) throw new SieveError(`${name} has an argument too many`, positional[types.length]!.at);
    if (missing > optional) throw new SieveError(`${name} needs ${wantedText(types, optional)}`, node.at);
    const all = [...new Array<undefined>(missing), ...positional];
    all.forEach((argument, i) => {
      if (argument !== undefined) checkType(argument, types[i]!, `${name} needs`, argument.at);
    });
    return all;
  }
}

function wantedText(types: readonly string[], optional: number): string {
  const wanted = types.slice(optional).map(typeText);
  return wanted.length === 0 ? 'no arguments' : wanted.join(' and ');
}

function typeText(type: string): string {
  if (type === 'strings') return 'a string or a list of strings';
  return `a ${type}`;
}

function checkType(argument: Argument | undefined, type: string, before: string, at: Position): void {
  const fits = argument?.kind === type || (type === 'strings' && argument?.kind === 'string');
  if (!fits) throw new SieveError(`${before} ${typeText(type)}`, argument?.at ?? at);
}

/** One after the other, until something stops them. */
export function sequence(steps: readonly Step[]): Step {
  return async (run) => {
    for (const step of steps) {
      if (run.isHalted) return;
      run.spend(1);
      if (run.isTired) await run.rest();
      const pending = step(run);
      if (pending !== undefined) await pending;
    }
  };
}
