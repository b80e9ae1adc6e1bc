/** A configuration schema as a list of options, for people. */
import type { JsonSchema } from './published.js';

export interface ConfigOption {
  /** `listen[].port` */
  readonly name: string;
  readonly type: string;
  readonly defaultValue: unknown;
  readonly isRequired: boolean;
  readonly description: string;
}

/** Deeper ones are told by the README. */
const maxDepth = 4;

export function configOptions(schema: JsonSchema, prefix = '', depth = 0): ConfigOption[] {
  if (depth >= maxDepth) return [];
  const properties = (schema['properties'] ?? {}) as Readonly<Record<string, JsonSchema>>;
  const required = (schema['required'] ?? []) as readonly string[];
  return Object.entries(properties).flatMap(([key, property]) => {
    const name = prefix + key;
    const option: ConfigOption = {
      name,
      type: typeText(property),
      defaultValue: property['default'],
      isRequired: required.includes(key),
      description: String(property['description'] ?? property['title'] ?? ''),
    };
    const items = property['items'] as JsonSchema | undefined;
    const below = items === undefined ? [] : configOptions(items, `${name}[].`, depth + 1);
    return [option, ...configOptions(property, `${name}.`, depth + 1), ...below];
  });
}

function typeText(schema: JsonSchema): string {
  const {
    type,
    enum: words,
    items,
    $ref,
  } = schema as {
    type?: string | string[];
    enum?: unknown[];
    items?: JsonSchema;
    $ref?: string;
  };
  if (words !== undefined) return words.map(String).join('|');
  if ($ref !== undefined) return $ref.replace('angarium:', '');
  if (type === 'array' && items !== undefined) return `list of ${typeText(items)}`;
  return Array.isArray(type) ? type.join('|') : (type ?? 'any');
}
