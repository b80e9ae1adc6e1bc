/** variables (RFC 5229); `:encodeurl` comes with enotify (RFC 5435 §6). */
import type { Call } from '../compiler/call.js';
import type { CommandDefinition, SieveExtension, Tag, TestDefinition } from '../compiler/extension.js';

interface Modifier extends Tag {
  /** Higher is applied first; of one precedence there may be one (RFC 5229 §4.1). */
  readonly precedence: number;
  apply(value: string): string;
}

function modifier(
  name: string,
  precedence: number,
  apply: (value: string) => string,
  requires?: string,
): Modifier {
  const group = `precedence ${precedence}`;
  return requires === undefined
    ? { name, precedence, group, apply }
    : { name, precedence, group, apply, requires };
}

const modifiers: readonly Modifier[] = [
  modifier(':lower', 40, (value) => value.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())),
  modifier(':upper', 40, (value) => value.replace(/[a-z]+/g, (letters) => letters.toUpperCase())),
  modifier(':lowerfirst', 30, (value) => value.replace(/^[A-Z]/, (letter) => letter.toLowerCase())),
  modifier(':upperfirst', 30, (value) => value.replace(/^[a-z]/, (letter) => letter.toUpperCase())),
  modifier(':quotewildcard', 20, (value) => value.replace(/[*?\\]/g, '\\$&')),
  modifier(':encodeurl', 15, encodeUrl, 'enotify'),
  modifier(':length', 10, (value) => String([...value].length)),
];

/** RFC 3986 §2.3: all but unreserved characters. */
function encodeUrl(value: string): string {
  return encodeURIComponent(value.toWellFormed()).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

const set: CommandDefinition = {
  name: 'set',
  requires: 'variables',
  positional: ['string', 'string'],
  tags: modifiers,
  compile(call) {
    const name = variableName(call);
    const value = call.text(1);
    const chosen = modifiers.filter((one) => call.has(one.name)).sort((a, b) => b.precedence - a.precedence);
    return (run) => {
      const text = chosen.reduce((before, one) => one.apply(before), value(run));
      run.spend(1 + (text.length >> 8));
      run.set(name, text);
    };
  },
};

/** Constant, and no match variable. @throws SieveError */
function variableName(call: Call): string {
  const name = (call.constant(0) ?? '').toLowerCase();
  const isGlobal = /^global\.[a-z_][a-z0-9_]*$/.test(name);
  if (!isGlobal && !/^[a-z_][a-z0-9_]*$/.test(name))
    throw call.error(`${JSON.stringify(name)} is no name of a variable`, 0);
  if (isGlobal) call.compiler.checkRequired('include', 'the namespace global', call.at);
  call.compiler.declareVariable(name, call.at);
  return name;
}

const string: TestDefinition = {
  name: 'string',
  requires: 'variables',
  positional: ['strings', 'strings'],
  matches: 'match',
  compile(call) {
    const sources = call.texts(0);
    const keys = call.texts(1);
    const matches = call.matcher();
    // RFC 5229 §5: ":count" counts sources that are not empty.
    const isCount = call.has(':count');
    return (run) =>
      matches(run, isCount ? sources(run).filter((text) => text !== '') : sources(run), keys(run));
  },
};

export const variablesExtension: SieveExtension = { names: ['variables'], commands: [set], tests: [string] };
