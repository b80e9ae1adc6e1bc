/** A configuration schema as a flat list of options, with references resolved. */

export type Schema = Readonly<Record<string, unknown>>;

export interface Option {
  /** `verificationCache.ttlSeconds`, `listen[].port`, `plugins.NAME` */
  readonly path: string;
  /** Type and bounds in words. */
  readonly type: string;
  /** undefined: none. */
  readonly defaultValue: unknown;
  readonly isRequired: boolean;
  /** Required only while none of these is given. */
  readonly unless: readonly string[];
  readonly description: string;
}

/** Published schemas by their `$id`: `angarium:listen`, … */
export type PublishedSchemas = ReadonlyMap<string, Schema>;

/** Schemas that a page of their own describes; an option of that kind names it and stops there. */
const namedKinds = new Map([['angarium:secret', 'secret']]);

export function optionsOf(schema: Schema, published: PublishedSchemas): Option[] {
  return new Walk(schema, published).below(schema, '', 0);
}

/** Against schemas that contain themselves. */
const MAX_DEPTH = 8;

class Walk {
  constructor(
    private readonly root: Schema,
    private readonly published: PublishedSchemas,
  ) {}

  below(unresolved: Schema, prefix: string, depth: number): Option[] {
    if (depth > MAX_DEPTH || namedKinds.has(String(unresolved['$ref']))) return [];
    const schema = this.resolved(unresolved);
    const alternatives = ['oneOf', 'anyOf', 'allOf'].flatMap((key) => (schema[key] ?? []) as Schema[]);
    const required = new Set((schema['required'] ?? []) as string[]);
    const properties = (schema['properties'] ?? {}) as Readonly<Record<string, Schema>>;
    const found = Object.entries(properties).flatMap(([name, property]) => [
      {
        ...this.option(prefix + name, property, required.has(name)),
        unless: otherChoices(name, alternatives).map((other) => prefix + other),
      },
      ...this.within(property, prefix + name, depth + 1),
    ]);
    const more = alternatives.flatMap((each) => this.below(each, prefix, depth + 1));
    return unique([...found, ...more]);
  }

  /** Options inside an option's value: an object, the items of a list, the values of a map. */
  private within(unresolved: Schema, path: string, depth: number): Option[] {
    const schema = this.resolved(unresolved);
    const { items, additionalProperties: values } = schema as {
      items?: Schema;
      additionalProperties?: unknown;
    };
    return [
      ...this.below(unresolved, `${path}.`, depth),
      ...(items === undefined ? [] : this.below(items, `${path}[].`, depth)),
      ...(isSchema(values) ? this.below(values, `${path}.NAME.`, depth) : []),
    ];
  }

  private option(path: string, unresolved: Schema, isRequired: boolean): Omit<Option, 'unless'> {
    const schema = this.resolved(unresolved);
    return {
      path,
      type: this.typeText(unresolved),
      defaultValue: schema['default'],
      isRequired,
      description: String(schema['description'] ?? ''),
    };
  }

  /** What stands beside a `$ref` counts before what it refers to. */
  private resolved(schema: Schema): Schema {
    const ref = schema['$ref'];
    if (typeof ref !== 'string') return schema;
    const target = ref.startsWith('#/') ? this.pointer(ref) : this.published.get(ref);
    if (target === undefined) throw new Error(`the schema refers to ${ref}, which nobody publishes`);
    const { $ref: _, ...own } = schema;
    const base = this.resolved(target);
    // Properties add up: both schemas hold.
    const properties = { ...(base['properties'] as Schema), ...(own['properties'] as Schema) };
    return { ...base, ...own, ...(Object.keys(properties).length > 0 && { properties }) };
  }

  private pointer(ref: string): Schema | undefined {
    let at: unknown = this.root;
    for (const step of ref.slice(2).split('/')) at = (at as Schema | undefined)?.[step];
    return at as Schema | undefined;
  }

  private typeText(unresolved: Schema): string {
    const named = namedKinds.get(String(unresolved['$ref']));
    if (named !== undefined) return named;
    const schema = this.resolved(unresolved);
    const parts = [this.kindText(schema), ...boundsText(schema)];
    return parts.filter((part) => part !== '').join(', ');
  }

  private kindText(schema: Schema): string {
    const {
      enum: words,
      const: word,
      type,
      items,
      oneOf,
      anyOf,
    } = schema as {
      enum?: unknown[];
      const?: unknown;
      type?: string | string[];
      items?: Schema;
      oneOf?: Schema[];
      anyOf?: Schema[];
    };
    if (words !== undefined) return `one of ${words.map(valueText).join(', ')}`;
    if (word !== undefined) return valueText(word);
    if (type === 'array') return items === undefined ? 'list' : `list of (${this.typeText(items)})`;
    if (type !== undefined) return [type].flat().join(' or ');
    const kinds = [...(oneOf ?? []), ...(anyOf ?? [])].map((each) => this.typeText(each));
    return kinds.length > 0 ? kinds.join(' or ') : 'any';
  }
}

/** Of `oneOf: [{ required: [a] }, { required: [b] }]`: b for a. */
function otherChoices(name: string, alternatives: readonly Schema[]): string[] {
  const choices = alternatives.map((each) => (each['required'] ?? []) as string[]);
  if (!choices.some((names) => names.includes(name))) return [];
  return choices.filter((names) => !names.includes(name)).flat();
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null;
}

function unique(options: readonly Option[]): Option[] {
  return options.filter(({ path }, index) => options.findIndex((each) => each.path === path) === index);
}

/** As it is written in YAML. */
export function valueText(value: unknown): string {
  return `\`${JSON.stringify(value)}\``.replace(/^`"(.+)"`$/, '`$1`');
}

function boundsText(schema: Schema): string[] {
  const number = (key: string) => schema[key] as number | undefined;
  return [
    rangeText(number('minimum'), number('maximum'), ''),
    number('exclusiveMinimum') === undefined ? '' : `more than ${number('exclusiveMinimum')}`,
    number('exclusiveMaximum') === undefined ? '' : `less than ${number('exclusiveMaximum')}`,
    number('multipleOf') === undefined ? '' : `a multiple of ${number('multipleOf')}`,
    number('minLength') === 1 && number('maxLength') === undefined
      ? 'not empty'
      : rangeText(number('minLength'), number('maxLength'), ' characters'),
    number('minItems') === 1 && number('maxItems') === undefined
      ? 'not empty'
      : rangeText(number('minItems'), number('maxItems'), ' entries'),
    rangeText(number('minProperties'), number('maxProperties'), ' entries'),
    schema['uniqueItems'] === true ? 'no entry twice' : '',
    schema['pattern'] === undefined ? '' : `matching \`${String(schema['pattern'])}\``,
    schema['format'] === undefined ? '' : `in the form of a ${String(schema['format'])}`,
  ];
}

function rangeText(from: number | undefined, to: number | undefined, unit: string): string {
  if (from !== undefined && to !== undefined) return `${from} to ${to}${unit}`;
  if (from !== undefined) return `at least ${from}${unit}`;
  return to === undefined ? '' : `at most ${to}${unit}`;
}
