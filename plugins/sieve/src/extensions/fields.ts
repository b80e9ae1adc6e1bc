/** Header fields as tests look at them, those included that other stages have added; `:index` (RFC 5260 §6). */
import type { Call } from '../compiler/call.js';
import type { Tag } from '../compiler/extension.js';
import type { Run } from '../runtime/run.js';

export const indexTags: readonly Tag[] = [
  { name: ':index', value: 'number', requires: 'index' },
  { name: ':last', requires: 'index' },
];

/** Which of several fields of one name are looked at. @throws SieveError */
export function fieldChoice<T = string>(call: Call): (values: readonly T[]) => readonly T[] {
  const index = call.number(':index');
  if (index === undefined) {
    if (call.has(':last')) throw call.error(':last needs :index');
    return (values) => values;
  }
  if (index < 1) throw call.error(':index counts from 1');
  if (!call.has(':last')) return (values) => values.slice(index - 1, index);
  return (values) => (index > values.length ? [] : [values.at(-index)!]);
}

/** Decoded text, in order. */
export function headerValues(run: Run, name: string): readonly string[] {
  const wanted = name.toLowerCase();
  const { addedFields } = run.world;
  const added = addedFields.filter((field) => field.name.toLowerCase() === wanted).map(({ value }) => value);
  run.spend(1);
  const values = run.header.values(wanted);
  return added.length === 0 ? values : [...added, ...values];
}

/** As received, latin1. */
export function rawHeaderValues(run: Run, name: string): readonly string[] {
  const wanted = name.toLowerCase();
  const { addedFields } = run.world;
  const added = addedFields
    .filter((field) => field.name.toLowerCase() === wanted)
    .map(({ value }) => Buffer.from(value, 'utf8').toString('latin1'));
  run.spend(1);
  return [...added, ...run.header.rawValues(wanted)];
}

export function fieldNameProblem(name: string): string | undefined {
  return /^[\x21-\x39\x3b-\x7e]+$/.test(name)
    ? undefined
    : `${JSON.stringify(name)} is no header field's name`;
}
