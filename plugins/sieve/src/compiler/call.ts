/** A command or test with its arguments sorted into what its definition asks for. */
import type { Argument, StringArgument, TestNode } from '../language/ast.js';
import { type Position, SieveError } from '../language/problem.js';
import type { Run } from '../runtime/run.js';
import type { Compiler } from './compiler.js';
import type { MatchFunction } from './extension.js';
import { constantTemplate, isConstant, type Template } from './template.js';

type Evaluate<T> = (run: Run) => T;

export class Call {
  readonly positional: readonly (Argument | undefined)[];

  constructor(
    readonly compiler: Compiler,
    readonly node: TestNode,
    positional: readonly (Argument | undefined)[],
    private readonly tags: ReadonlyMap<string, Argument | undefined>,
    /** Tags in the order written. */
    readonly tagNames: readonly string[],
  ) {
    this.positional = positional;
  }

  get at(): Position {
    return this.node.at;
  }

  has(tag: string): boolean {
    return this.tags.has(tag);
  }

  argument(which: number | string): Argument | undefined {
    return typeof which === 'number' ? this.positional[which] : this.tags.get(which);
  }

  /** The mistake, at the argument. */
  error(message: string, which?: number | string): SieveError {
    return new SieveError(message, (which === undefined ? undefined : this.argument(which))?.at ?? this.at);
  }

  number(which: number | string): number | undefined {
    const argument = this.argument(which);
    return argument?.kind === 'number' ? argument.value : undefined;
  }

  /** A text that is the same in each run. @throws SieveError */
  constant(which: number | string): string | undefined {
    const template = this.template(which);
    if (template === undefined) return undefined;
    if (!isConstant(template)) throw this.error('variables are not allowed here', which);
    return constantTemplate(template);
  }

  /** The strings of a list, which must be constant. @throws SieveError */
  constants(which: number | string): string[] {
    const templates = this.templates(which);
    if (!templates.every(isConstant)) throw this.error('variables are not allowed here', which);
    return templates.map(constantTemplate);
  }

  template(which: number | string): Template | undefined {
    const argument = this.argument(which);
    if (argument === undefined) return undefined;
    const first = argument.kind === 'strings' ? argument.values[0] : argument;
    return first?.kind === 'string' ? this.compiler.template(first) : undefined;
  }

  templates(which: number | string): readonly Template[] {
    return stringsOf(this.argument(which)).map((one) => this.compiler.template(one));
  }

  /** '' for what is absent. */
  text(which: number | string): Evaluate<string> {
    const template = this.template(which);
    if (template === undefined) return () => '';
    if (!isConstant(template)) return (run) => run.expand(template);
    const text = constantTemplate(template);
    return () => text;
  }

  /** As `text`, undefined when the argument is not there. */
  optionalText(which: number | string): Evaluate<string> | undefined {
    return this.argument(which) === undefined ? undefined : this.text(which);
  }

  texts(which: number | string): Evaluate<readonly string[]> {
    const templates = this.templates(which);
    if (!templates.every(isConstant)) return (run) => templates.map((one) => run.expand(one));
    const texts = templates.map(constantTemplate);
    return () => texts;
  }

  /** `check` looks at those that are constant now, and at the others in the run. */
  checkTexts(which: number | string, check: (text: string) => string | undefined): void {
    for (const argument of stringsOf(this.argument(which))) {
      const template = this.compiler.template(argument);
      const problem = isConstant(template) ? check(constantTemplate(template)) : undefined;
      if (problem !== undefined) throw new SieveError(problem, argument.at);
    }
  }

  /** Match type and comparator of this test. */
  matcher(): (run: Run, values: readonly string[], keys: readonly string[]) => boolean | Promise<boolean> {
    const comparator = this.compiler.comparatorOf(this);
    const match: MatchFunction = this.compiler.matchOf(this, comparator);
    return (run, values, keys) => match(run, values, keys, comparator);
  }
}

export function stringsOf(argument: Argument | undefined): readonly StringArgument[] {
  if (argument?.kind === 'string') return [argument];
  return argument?.kind === 'strings' ? argument.values : [];
}
