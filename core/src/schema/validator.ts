/**
 * JSON schema validation with ajv: strict, all errors, defaults filled in.
 * Third parties' schemas: only our published schemas can be referred to, patterns are vetted, and a $ref to
 * `angarium:listen` is closed, so that a mistyped option of a listen entry is an error in every plugin.
 */
import { Ajv2020 } from 'ajv/dist/2020.js';
import { explain, type SchemaFault } from './explain.js';
import { type JsonSchema, listenSchema, secretSchema } from './published.js';
import { safePattern } from './safe-pattern.js';

/** Fills defaults into `value` and tells what is wrong with it. */
export type Validate = (value: unknown) => SchemaFault[];

/** One for all schemas: what it takes to check schemas themselves is compiled once. Made when it is first needed. */
let shared: Ajv2020 | undefined;

function validator(): Ajv2020 {
  if (shared !== undefined) return shared;
  shared = new Ajv2020({
    allErrors: true,
    verbose: true,
    useDefaults: true,
    strict: true,
    strictTypes: false,
    strictRequired: false,
    allowUnionTypes: true,
    // Each validator runs once or twice: what optimising it costs never comes back.
    code: { regExp: safePattern, optimize: false },
  });
  return shared.addSchema([listenSchema, secretSchema]);
}

/** @throws Error when the schema itself is not valid. */
export function compileSchema(schema: JsonSchema): Validate {
  const ajv = validator();
  const own = prepared(schema) as JsonSchema;
  try {
    const validate = ajv.compile(own);
    return (value) => (validate(value) ? [] : explain(validate.errors ?? [], value));
  } finally {
    // Forgotten with its $id, so that another schema may have the same.
    ajv.removeSchema(own);
  }
}

/** A copy without `$schema` (drafts 7 and 2020-12 agree on what we use), listen entries closed. */
function prepared(node: unknown, isBranch = false): unknown {
  if (Array.isArray(node)) return node.map((item) => prepared(item));
  if (typeof node !== 'object' || node === null) return node;
  const copy: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(node)) {
    if (key === '$schema' && typeof value === 'string') continue;
    const isAllOf = key === 'allOf' && Array.isArray(value);
    copy[key] = isAllOf ? value.map((branch) => prepared(branch, true)) : prepared(value);
  }
  if (!isBranch && extendsListen(copy)) copy['unevaluatedProperties'] ??= false;
  return copy;
}

function extendsListen(schema: Record<string, unknown>): boolean {
  if (schema['$ref'] === 'angarium:listen') return true;
  const branches = schema['allOf'];
  return (
    Array.isArray(branches) &&
    branches.some((branch: unknown) => (branch as { $ref?: unknown } | null)?.$ref === 'angarium:listen')
  );
}
