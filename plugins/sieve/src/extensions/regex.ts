/** regex (draft-murchison-sieve-regex-07), by an engine whose time is linear in the text: no pattern can hang the server. */
import { RE2JS } from 're2js';
import type { Call } from '../compiler/call.js';
import type { MatchType, SieveExtension } from '../compiler/extension.js';
import { constantTemplate, isConstant } from '../compiler/template.js';
import { SieveError, SieveRuntimeError } from '../language/problem.js';
import type { Run } from '../runtime/run.js';

const MAX_PATTERN = 1000;
/** Of the machine that a pattern becomes: what makes `a{1000}{1000}` of a few characters takes seconds to compile. */
const MAX_PROGRAM = 4000;
/** Longer texts are looked at up to here. */
const MAX_TEXT = 64 * 1024;

/** @throws SieveRuntimeError */
function compilePattern(pattern: string, flags: number): RE2JS {
  if (pattern.length > MAX_PATTERN) throw new SieveRuntimeError('the regular expression is too long');
  if (repeatedSize(pattern) > MAX_PROGRAM)
    throw new SieveRuntimeError('the regular expression repeats too much');
  try {
    return RE2JS.compile(pattern, flags | RE2JS.DOTALL);
  } catch (error) {
    throw new SieveRuntimeError(`not a regular expression: ${(error as Error).message.replace('(?s)', '')}`);
  }
}

const TOKEN = /\\Q.*?(?:\\E|$)|\\[xpP]\{[^}]*\}|\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{(\d+)(?:,(\d*))?\}|[()]|./gs;

/** About how many characters the pattern has once its counted repetitions are written out. */
export function repeatedSize(pattern: string): number {
  const sums = [0];
  let last = 0;
  for (const [token, least, most] of pattern.matchAll(TOKEN)) {
    if (token === '(') {
      sums.push(0);
      continue;
    }
    if (token === ')') last = (sums.length > 1 ? sums.pop()! : 0) + 2;
    else if (least !== undefined) {
      const more = last * (Math.max(1, Number(least), Number(most || 0)) - 1);
      sums.push(sums.pop()! + more);
      last += more;
      continue;
    } else last = token.startsWith('\\Q') ? token.length : 1;
    sums.push(sums.pop()! + last);
  }
  return sums.reduce((all, one) => all + one, 0);
}

/** The first group that matches sets the match variables, as in Cyrus and Pigeonhole. */
function matches(run: Run, pattern: RE2JS, value: string): boolean {
  const text = value.length > MAX_TEXT ? value.slice(0, MAX_TEXT) : value;
  run.spend(1 + Math.ceil((text.length * pattern.programSize()) / 200));
  const matcher = pattern.matcher(text);
  if (!matcher.find()) return false;
  run.setMatch(Array.from({ length: matcher.groupCount() + 1 }, (_, i) => matcher.group(i) ?? ''));
  return true;
}

const regex: MatchType = {
  name: ':regex',
  group: 'match type',
  requires: 'regex',
  compile(_value, call) {
    checkKeys(call);
    const compiled = new Map<string, RE2JS>();
    return (run, values, keys, { name }) => {
      const flags = name === 'i;octet' ? 0 : RE2JS.CASE_INSENSITIVE;
      const patterns = keys.map((key) => {
        const known = compiled.get(`${flags} ${key}`);
        if (known !== undefined) return known;
        const found = compilePattern(key, flags);
        // Keys with variables are many: those of the last run are enough.
        if (compiled.size > keys.length) compiled.clear();
        compiled.set(`${flags} ${key}`, found);
        run.spend(10 + (found.programSize() >> 1));
        return found;
      });
      return run.some(values, (value) => run.some(patterns, (pattern) => matches(run, pattern, value)));
    };
  },
};

/** Keys are the last argument; those that are known now are compiled now. */
function checkKeys(call: Call): void {
  const last = call.positional.length - 1;
  for (const template of call.templates(last)) {
    if (!isConstant(template)) continue;
    try {
      compilePattern(constantTemplate(template), 0);
    } catch (error) {
      throw new SieveError((error as Error).message, call.argument(last)?.at ?? call.at);
    }
  }
}

export const regexExtension: SieveExtension = { names: ['regex'], matchTypes: [regex] };
