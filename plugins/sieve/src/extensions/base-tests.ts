/** Tests that need no require (RFC 5228 §5), and `envelope` (§5.4). */
import type { SieveExtension, Test, TestDefinition } from '../compiler/extension.js';
import type { Run } from '../runtime/run.js';
import { addressesOf, addressPartOf, MAX_ADDRESS_FIELD, splitAddress } from './addresses.js';
import { fieldChoice, fieldNameProblem, headerValues, indexTags, rawHeaderValues } from './fields.js';

const constants: readonly TestDefinition[] = [
  { name: 'true', compile: () => () => true },
  { name: 'false', compile: () => () => false },
];

const not: TestDefinition = {
  name: 'not',
  tests: 'one',
  compile({ node }, compiler) {
    const test = compiler.test(node.tests[0]!);
    return async (run) => !(await counted(run, test));
  },
};

function joined(name: string, ends: boolean): TestDefinition {
  return {
    name,
    tests: 'list',
    compile({ node }, compiler) {
      const tests = node.tests.map((test) => compiler.testWhenAsked(test));
      return async (run) => {
        for (const test of tests) if ((await counted(run, test)) === ends) return ends;
        return !ends;
      };
    },
  };
}

function counted(run: Run, test: Test): boolean | Promise<boolean> {
  run.spend(1);
  return run.isTired ? run.rest().then(() => test(run)) : test(run);
}

const header: TestDefinition = {
  name: 'header',
  positional: ['strings', 'strings'],
  matches: 'match',
  tags: indexTags,
  compile(call) {
    call.checkTexts(0, fieldNameProblem);
    const names = call.texts(0);
    const keys = call.texts(1);
    const matches = call.matcher();
    const choose = fieldChoice(call);
    return (run) =>
      matches(
        run,
        names(run).flatMap((name) => choose(headerValues(run, name))),
        keys(run),
      );
  },
};

/** RFC 5228 §5.1: fields that hold addresses; others are a mistake. */
const ADDRESS_FIELDS = new Set(
  'from to cc bcc sender reply-to resent-from resent-to resent-cc resent-bcc resent-sender resent-reply-to return-path delivered-to x-original-to envelope-to apparently-to errors-to disposition-notification-to return-receipt-to mail-followup-to mail-reply-to x-envelope-to x-delivered-to list-post'.split(
    ' ',
  ),
);

const address: TestDefinition = {
  name: 'address',
  positional: ['strings', 'strings'],
  matches: 'address',
  tags: indexTags,
  compile(call) {
    call.checkTexts(0, (name) => {
      const problem = fieldNameProblem(name);
      if (problem !== undefined || ADDRESS_FIELDS.has(name.toLowerCase()) || /^x-/i.test(name))
        return problem;
      return `the field ${name} holds no addresses`;
    });
    const names = call.texts(0);
    const keys = call.texts(1);
    const matches = call.matcher();
    const part = addressPartOf(call);
    const choose = fieldChoice(call);
    return async (run) => {
      const values: string[] = [];
      for (const name of names(run)) {
        for (const raw of choose(rawHeaderValues(run, name))) {
          run.spend(1 + (Math.min(raw.length, MAX_ADDRESS_FIELD) >> 6));
          if (run.isTired) await run.rest();
          for (const { localPart, domain } of addressesOf(raw)) {
            const value = part(run, localPart, domain);
            if (value !== undefined) values.push(value);
          }
        }
      }
      return matches(run, values, keys(run));
    };
  },
};

const envelope: TestDefinition = {
  name: 'envelope',
  requires: 'envelope',
  positional: ['strings', 'strings'],
  matches: 'address',
  compile(call) {
    call.checkTexts(0, (name) =>
      /^(from|to)$/i.test(name) ? undefined : `the envelope has no part ${JSON.stringify(name)}`,
    );
    const names = call.texts(0);
    const keys = call.texts(1);
    const matches = call.matcher();
    const part = addressPartOf(call);
    return (run) => {
      const values: string[] = [];
      for (const name of names(run)) {
        const value = envelopeValue(run, name.toLowerCase(), part);
        if (value !== undefined) values.push(value);
      }
      return matches(run, values, keys(run));
    };
  },
};

/** RFC 5228 §5.4: the null sender is the empty string, whatever part is asked for. */
function envelopeValue(run: Run, name: string, part: ReturnType<typeof addressPartOf>): string | undefined {
  const { sender, recipient } = run.world;
  if (name !== 'from' && name !== 'to') return undefined;
  const text = name === 'from' ? sender : recipient;
  if (text === '') return '';
  const split = splitAddress(text);
  return split === undefined ? undefined : part(run, split.localPart, split.domain);
}

const exists: TestDefinition = {
  name: 'exists',
  positional: ['strings'],
  compile(call) {
    call.checkTexts(0, fieldNameProblem);
    const names = call.texts(0);
    return (run) => names(run).every((name) => headerValues(run, name).length > 0);
  },
};

const size: TestDefinition = {
  name: 'size',
  positional: ['number'],
  tags: [
    { name: ':over', group: 'size' },
    { name: ':under', group: 'size' },
  ],
  compile(call) {
    const limit = call.number(0) ?? 0;
    if (!call.has(':over') && !call.has(':under')) throw call.error('size needs :over or :under');
    return call.has(':over')
      ? (run) => run.world.message.size > limit
      : (run) => run.world.message.size < limit;
  },
};

export const baseTests: SieveExtension = {
  names: [],
  tests: [...constants, not, joined('allof', false), joined('anyof', true), header, address, exists, size],
};

export const envelopeExtension: SieveExtension = { names: ['envelope'], tests: [envelope] };
