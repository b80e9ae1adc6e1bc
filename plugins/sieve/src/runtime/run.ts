/** One run of a script over one message: its variables, its budget, and what it wants done. */
import type { Template } from '../compiler/template.js';
import { SieveRuntimeError } from '../language/problem.js';
import type { Action, Edits } from './actions.js';
import type { Header } from './header.js';
import type { World } from './world.js';

/** Of one value of a variable, UTF-16 units; longer ones are cut (RFC 5229 §6 asks for 4000 octets at least). */
export const MAX_VALUE = 8192;
/** Of one expanded string. */
const MAX_TEXT = 64 * 1024;
const MAX_ACTIONS = 64;
/** A few milliseconds. */
const STEPS_AT_ONCE = 2000;
const MAX_INCLUDES = 32;

/** The budget: a step is a command, a test, or about a thousand octets looked at. */
export interface RunLimits {
  readonly steps: number;
  readonly redirects: number;
}

export class Run {
  readonly actions: Action[] = [];
  /** As `addheader` and `deleteheader` have left it (RFC 5293). */
  header: Header;
  /** Of `addheader`. */
  addedOctets = 0;
  /** RFC 5228 §2.10.2. */
  hasImplicitKeep = true;
  /** RFC 5232 §2: the internal variable. */
  flags: readonly string[] = [];
  variables = new Map<string, string>();
  readonly globals = new Map<string, string>();
  /** Names that the script at hand shares (RFC 6609 §3.3). */
  shared = new Set<string>();
  /** Scripts included so far, for `:once` and the limits. */
  readonly included = new Set<string>();
  readonly including: string[] = [];
  private includes = 0;
  private groups: readonly string[] = [];
  private isStopped = false;
  /** `return` (RFC 6609 §3.2): ends the included script alone. */
  isReturning = false;
  private left: number;
  private restAt: number;

  constructor(
    readonly world: World,
    readonly limits: RunLimits,
  ) {
    this.header = world.message.header;
    this.left = limits.steps;
    this.restAt = limits.steps - STEPS_AT_ONCE;
  }

  get isHalted(): boolean {
    return this.isStopped || this.isReturning;
  }

  stop(): void {
    this.isStopped = true;
  }

  /** @throws SieveRuntimeError when the script takes too much. */
  spend(steps: number): void {
    this.left -= steps;
    if (this.left < 0) throw new SieveRuntimeError('the script takes too many steps');
  }

  /** Others on the event loop are waiting. */
  get isTired(): boolean {
    return this.left < this.restAt;
  }

  /** Lets them have their turn. */
  async rest(): Promise<void> {
    this.restAt = this.left - STEPS_AT_ONCE;
    await new Promise<void>((resolve) => setImmediate(resolve));
  }

  /** As `items.some(test)`; rests where others are waiting. */
  some<T>(items: readonly T[], test: (item: T) => boolean | Promise<boolean>): boolean | Promise<boolean> {
    for (let i = 0; i < items.length; i++) {
      if (this.isTired) return this.someFrom(i, items, test);
      const result = test(items[i]!);
      if (result === true) return true;
      if (result !== false) return result.then((isTrue) => isTrue || this.someFrom(i + 1, items, test));
    }
    return false;
  }

  private async someFrom<T>(
    from: number,
    items: readonly T[],
    test: (item: T) => boolean | Promise<boolean>,
  ): Promise<boolean> {
    for (let i = from; i < items.length; i++) {
      if (this.isTired) await this.rest();
      if (await test(items[i]!)) return true;
    }
    return false;
  }

  /** What a script has used up counts for those it includes. */
  countInclude(): void {
    if (++this.includes > MAX_INCLUDES) throw new SieveRuntimeError('too many scripts are included');
  }

  /** The header for an action, where it is not as it came. */
  get edits(): Edits {
    return this.header === this.world.message.header ? {} : { header: this.header };
  }

  act(action: Action): void {
    if (this.actions.length === MAX_ACTIONS) throw new SieveRuntimeError('too many actions');
    this.actions.push(action);
  }

  expand(template: Template): string {
    let text = '';
    for (const part of template) {
      text += typeof part === 'string' ? part : this.variable(part.variable);
      if (text.length > MAX_TEXT) text = cut(text, MAX_TEXT);
    }
    this.spend(1 + (text.length >> 8));
    return text;
  }

  /** '' for what is not set (RFC 5229 §3). */
  variable(name: string): string {
    if (/^[0-9]/.test(name)) return this.groups[Number(name)] ?? '';
    if (name.startsWith('global.')) return this.globals.get(name.slice(7)) ?? '';
    return (this.shared.has(name) ? this.globals : this.variables).get(name) ?? '';
  }

  set(name: string, value: string): void {
    const text = cut(value, MAX_VALUE);
    if (name.startsWith('global.')) this.globals.set(name.slice(7), text);
    else (this.shared.has(name) ? this.globals : this.variables).set(name, text);
  }

  /** RFC 5229 §3.2: of the last `:matches` that was true. */
  setMatch(groups: readonly string[]): void {
    this.groups = groups.slice(0, 100).map((group) => cut(group, MAX_VALUE));
  }
}

/** Never in the middle of a character. */
export function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  const code = text.charCodeAt(length - 1);
  return text.slice(0, code >= 0xd800 && code < 0xdc00 ? length - 1 : length);
}
