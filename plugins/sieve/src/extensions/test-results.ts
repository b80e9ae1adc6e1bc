/** spamtest, spamtestplus, virustest (RFC 5235): what a filter in front has found, read from the field that it writes. */
import { RE2JS } from 're2js';
import type { SieveExtension, TestDefinition } from '../compiler/extension.js';
import type { SpamTestConfig, VirusTestConfig } from '../config.js';
import type { Run } from '../runtime/run.js';
import { headerValues } from './fields.js';

/** Of a value; filters write less. */
const MAX_VALUE = 1000;

/** What the pattern's first group, or all of it, finds in the first field, which is the one added last. Undefined: not tested. */
function reader(header: string, pattern: string): (run: Run) => string | undefined {
  const compiled = compile(pattern);
  return (run) => {
    const [value] = headerValues(run, header);
    if (value === undefined) return undefined;
    run.spend(1);
    const matcher = compiled.matcher(value.slice(0, MAX_VALUE));
    if (!matcher.find()) return undefined;
    return (matcher.groupCount() > 0 ? matcher.group(1) : matcher.group(0)) ?? undefined;
  };
}

/** @throws Error for the operator */
function compile(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern, RE2JS.CASE_INSENSITIVE);
  } catch (error) {
    throw new Error(`"pattern": ${JSON.stringify(pattern)} is no regular expression`, { cause: error });
  }
}

/** From 0 to 1, where 1 is spam for sure. Undefined: not tested. */
function spamRatio({ header, pattern, as, max }: SpamTestConfig): (run: Run) => number | undefined {
  const read = reader(header, pattern);
  return (run) => {
    const text = read(run);
    if (text === undefined || (as === 'number' && text.trim() === '')) return undefined;
    const score = as === 'length' ? text.length : Number(text);
    return Number.isNaN(score) ? undefined : Math.min(1, Math.max(0, score / max));
  };
}

function spamtest(config: SpamTestConfig): TestDefinition {
  const ratio = spamRatio(config);
  return {
    name: 'spamtest',
    positional: ['string'],
    matches: 'match',
    tags: [{ name: ':percent', requires: 'spamtestplus' }],
    compile(call, compiler) {
      if (!compiler.required.has('spamtestplus')) compiler.checkRequired('spamtest', 'spamtest', call.at);
      const keys = call.texts(0);
      const matches = call.matcher();
      const isPercent = call.has(':percent');
      const isCount = call.has(':count');
      return (run) => {
        const found = ratio(run);
        if (found === undefined) return matches(run, isCount ? [] : ['0'], keys(run));
        // Rounded down, so that only what is spam for sure is 10 or 100; a crumb against 0.7 × 10 = 6.999….
        const level = Math.floor(found * (isPercent ? 100 : 9) + 1e-6) + (isPercent ? 0 : 1);
        return matches(run, [String(level)], keys(run));
      };
    },
  };
}

function virustest({ header, pattern, values }: VirusTestConfig): TestDefinition {
  const read = reader(header, pattern);
  const levels = new Map(Object.entries(values).map(([text, level]) => [text.toLowerCase(), level]));
  return {
    name: 'virustest',
    requires: 'virustest',
    positional: ['string'],
    matches: 'match',
    compile(call) {
      const keys = call.texts(0);
      const matches = call.matcher();
      const isCount = call.has(':count');
      return (run) => {
        const level = levels.get((read(run) ?? '').trim().toLowerCase());
        return matches(run, level === undefined && isCount ? [] : [String(level ?? 0)], keys(run));
      };
    },
  };
}

/** Offered where a field is named. @throws Error for a pattern that is none */
export function testResultExtensions(spam: SpamTestConfig, virus: VirusTestConfig): SieveExtension[] {
  return [
    ...(spam.header === '' ? [] : [{ names: ['spamtest', 'spamtestplus'], tests: [spamtest(spam)] }]),
    ...(virus.header === '' ? [] : [{ names: ['virustest'], tests: [virustest(virus)] }]),
  ];
}
