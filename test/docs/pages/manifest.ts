/** `manifest.md`: the operator's file, and what plugins' packages say of themselves. */
import type { Inputs } from '../inputs.js';
import { code, page, prose } from '../markdown.js';
import { optionsOf, type Schema } from '../schema-options.js';
import { optionList } from './options.js';

export function manifestPage({ schemas }: Inputs): string {
  const section = (id: string, heading: string, before: string) => {
    const schema = schemas.get(id);
    return schema === undefined ? [] : [heading, before, ...describe(schema, schemas)];
  };
  return page([
    '# The manifest',
    ...section(
      'angarium:manifest',
      '## angarium.yaml',
      'What the server is: `angarium check` validates it, `--set PATH=VALUE` overrides a value for one run. The options ' +
        'of each plugin are on [its page](plugins.md).',
    ),
    ...section('angarium:listen', '## listen', 'What plugins that accept clients have in common.'),
    ...section('angarium:secret', '## secret', 'What an option of the type “secret” takes.'),
    ...section(
      'angarium:package',
      '## A plugin’s package.json',
      `What a plugin says of itself, under the key ${code('angarium')} of its package.json.`,
    ),
  ]);
}

function describe(schema: Schema, schemas: Inputs['schemas']): string[] {
  const { title, description } = schema as { title?: string; description?: string };
  const text = description ?? title;
  return [...(text === undefined ? [] : [prose(sentence(text))]), optionList(optionsOf(schema, schemas))];
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
