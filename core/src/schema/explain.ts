/** ajv's errors in words for operators: where, what was expected, what was found, the nearest right name. */
import type { ErrorObject } from 'ajv';
import { nearestHint } from '../text/nearest.js';
import { type DataPath, formatPath, parsePointer } from './path.js';
import { listenSchema } from './published.js';

export interface SchemaFault {
  /** The value that is wrong, or that lacks something. */
  readonly path: DataPath;
  /** A key in the mapping at `path` that is wrong itself. */
  readonly key?: string;
  readonly text: string;
  readonly hint?: string;
}

/** One fault a mistake: alternatives of anyOf and oneOf are told once. */
export function explain(errors: readonly ErrorObject[], root: unknown): SchemaFault[] {
  const faults: SchemaFault[] = [];
  const seen = new Set<string>();
  for (const error of withoutEchoes(errors)) {
    const fault = explainOne(error, errors, root);
    const key = `${formatPath(fault.path)}\n${fault.key ?? ''}\n${fault.text}`;
    if (seen.has(key)) continue;
    seen.add(key);
    faults.push(fault);
  }
  return faults;
}

const branchKeywords = new Set(['anyOf', 'oneOf']);
const echoKeywords = new Set(['if', 'allOf', '$ref', 'propertyNames', 'contains']);

/** Drops what only repeats another error: a branch's errors when the branching is told, and the reverse. */
function withoutEchoes(errors: readonly ErrorObject[]): ErrorObject[] {
  const branchings = errors.filter(({ keyword }) => branchKeywords.has(keyword));
  return errors.filter((error) => {
    if (error.keyword === 'propertyNames' && error.propertyName !== undefined) return false;
    if (echoKeywords.has(error.keyword)) return false;
    if (branchings.includes(error)) return !branchErrors(error, errors).some((sub) => isDeeper(sub, error));
    return !branchings.some((branching) => isEchoOf(error, branching, errors));
  });
}

function isEchoOf(error: ErrorObject, branching: ErrorObject, errors: readonly ErrorObject[]): boolean {
  const subs = branchErrors(branching, errors);
  if (!subs.includes(error)) return false;
  return subs.some((sub) => isDeeper(sub, branching)) ? !isDeeper(error, branching) : true;
}

function branchErrors(branching: ErrorObject, errors: readonly ErrorObject[]): ErrorObject[] {
  return errors.filter(
    (error) =>
      error !== branching &&
      error.schemaPath.startsWith(`${branching.schemaPath}/`) &&
      (error.instancePath === branching.instancePath || isDeeper(error, branching)),
  );
}

function isDeeper(error: ErrorObject, than: ErrorObject): boolean {
  return error.instancePath.startsWith(`${than.instancePath}/`);
}

function explainOne(error: ErrorObject, all: readonly ErrorObject[], root: unknown): SchemaFault {
  const path = parsePointer(error.instancePath, root);
  const where = formatPath(path);
  const params = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case 'additionalProperties':
    case 'unevaluatedProperties': {
      const key = String(params['additionalProperty'] ?? params['unevaluatedProperty']);
      return { path, key, text: unknownText(key, where), ...knownHint(key, error) };
    }
    case 'required':
    case 'dependentRequired': {
      const text = `"${String(params['missingProperty'])}" is missing${where === '' ? '' : ` in ${where}`}`;
      const because = params['property'];
      return { path, text: because === undefined ? text : `${text}, which "${String(because)}" needs` };
    }
    case 'enum': {
      const allowed = (params['allowedValues'] as unknown[]).map(String);
      const hint = typeof error.data === 'string' ? nearestHint(error.data, allowed) : {};
      return { path, text: `${where} must be one of ${allowed.join(', ')}; found ${shown(error)}`, ...hint };
    }
    default:
      if (error.propertyName !== undefined) {
        const key = error.propertyName;
        return { path, key, text: `${shownValue(key)} is not a valid name in ${where}` };
      }
      return {
        path,
        text: `${where === '' ? 'the file' : where} ${expectation(error, all)}; found ${shown(error)}`,
      };
  }
}

function unknownText(key: string, where: string): string {
  return `unknown option "${key}"${where === '' ? '' : ` in ${where}`}`;
}

/** Which names would have been right: those of the schema that did not know this one. */
function knownHint(key: string, { parentSchema }: ErrorObject): { hint?: string } {
  const known = [...propertyNames(parentSchema)];
  const near = nearestHint(key, known);
  if (near.hint !== undefined || known.length === 0) return near.hint === undefined ? {} : near;
  return { hint: `expected ${known.length > 1 ? 'one of ' : ''}${known.join(', ')}` };
}

function propertyNames(schema: unknown): Set<string> {
  const names = new Set<string>();
  if (typeof schema !== 'object' || schema === null) return names;
  const { properties, allOf, $ref } = schema as Record<string, unknown>;
  for (const name of Object.keys((properties as object | undefined) ?? {})) names.add(name);
  if ($ref === 'angarium:listen') for (const name of listenNames) names.add(name);
  for (const branch of Array.isArray(allOf) ? allOf : [])
    for (const name of propertyNames(branch)) names.add(name);
  return names;
}

const listenNames = Object.keys(listenSchema['properties'] as object);

function expectation(error: ErrorObject, all: readonly ErrorObject[]): string {
  const params = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case 'type':
      if (isSecret(error))
        return 'must say where it is kept, as { $secret: "file:PATH" } or { $secret: "env:NAME" }';
      return `must be ${typeNames(params['type'])}`;
    case 'anyOf':
    case 'oneOf':
      return alternatives(error, all);
    case 'minimum':
    case 'maximum':
    case 'exclusiveMinimum':
    case 'exclusiveMaximum':
      return `must be ${String(params['comparison'])} ${String(params['limit'])}`;
    case 'pattern':
      return describedPattern(error);
    case 'minLength':
      return params['limit'] === 1
        ? 'must not be empty'
        : `must have at least ${String(params['limit'])} characters`;
    case 'uniqueItems':
      return 'must not have the same entry twice';
    case 'const':
      return `must be ${shownValue(params['allowedValue'])}`;
    default:
      return error.message ?? 'is not allowed';
  }
}

function describedPattern({ parentSchema, params }: ErrorObject): string {
  const title = (parentSchema as { title?: unknown } | undefined)?.title;
  if (typeof title === 'string') return `must be ${title}`;
  return `must look like ${String((params as { pattern: string }).pattern)}`;
}

function alternatives(error: ErrorObject, all: readonly ErrorObject[]): string {
  const branches = (error.schema as { title?: string }[] | undefined) ?? [];
  const titles = branches.map((branch) => branch?.title);
  if (titles.length > 0 && titles.every((title) => title !== undefined)) {
    return `must have ${titles.join(' or ')}${error.keyword === 'oneOf' ? ', not both' : ''}`;
  }
  const types = branchErrors(error, all).filter(({ keyword }) => keyword === 'type');
  const names = new Set(types.map(({ params }) => typeNames((params as { type: unknown }).type)));
  return names.size > 0 ? `must be ${[...names].join(' or ')}` : 'matches none of the allowed forms';
}

const typeWords: Readonly<Record<string, string>> = {
  object: 'a mapping',
  array: 'a list',
  string: 'a string',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  null: 'empty',
};

function typeNames(type: unknown): string {
  const names = Array.isArray(type) ? type : String(type).split(',');
  return names.map((name: string) => typeWords[name] ?? name).join(' or ');
}

function isSecret({ schemaPath }: ErrorObject): boolean {
  return schemaPath.startsWith('angarium:secret');
}

function shown(error: ErrorObject): string {
  if (isSecret(error) && typeof error.data === 'string') return 'a string (not shown)';
  return shownValue(error.data);
}

const maxShownLength = 60;

function shownValue(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') {
    const keys = Object.keys(value as object);
    return keys.length === 0 ? 'an empty mapping' : `a mapping with ${keys.join(', ')}`;
  }
  const text = JSON.stringify(value) ?? String(value);
  return text.length > maxShownLength ? `${text.slice(0, maxShownLength)}…` : text;
}
