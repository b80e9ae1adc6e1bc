/** A list of configuration options, each with type, default and sentence. */
import { code, prose } from '../markdown.js';
import { type Option, valueText } from '../schema-options.js';

export function optionList(options: readonly Option[]): string {
  return options.map(optionItem).join('\n');
}

function optionItem({ path, type, defaultValue, isRequired, unless, description }: Option): string {
  const facts = [
    type,
    ...(isRequired ? ['required'] : []),
    ...(unless.length > 0 ? [`required without ${unless.map(code).join(', ')}`] : []),
    ...defaultText(defaultValue),
  ];
  const lines = [
    `- **${code(path)}**: ${facts.join('; ')}`,
    ...(description === '' ? [] : [`  ${prose(description)}`]),
  ];
  return lines.join('  \n');
}

function defaultText(value: unknown): string[] {
  if (value === undefined || isEmptyObject(value)) return [];
  return [`default ${valueText(value)}`];
}

/** An object that is there to have its own options filled in. */
function isEmptyObject(value: unknown): boolean {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0
  );
}
