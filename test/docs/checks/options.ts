/** Every configuration option has a sentence, and a value when nobody says one. */
import type { Inputs } from '../inputs.js';
import { type Option, optionsOf, type PublishedSchemas, type Schema } from '../schema-options.js';

/** Sentences that say what an absent option means, where no constant can. */
const saysWhatAbsenceMeans = /\b(defaults?|without (it|this|them)|absent|when not given|unless)\b/i;

export function optionFindings({ plugins, schemas }: Inputs): string[] {
  const ofCore = [...schemas].flatMap(([id, schema]) =>
    // What a plugin says of itself is no configuration: leaving a key out means nothing of the kind.
    findingsOf(
      `core/schemas/${id.replace('angarium:', '')}.schema.json`,
      schema,
      schemas,
      id !== 'angarium:package',
    ),
  );
  const ofPlugins = plugins.flatMap(({ id, configSchema }) =>
    configSchema === undefined
      ? []
      : findingsOf(`plugins/${id}/config.schema.json`, configSchema, schemas, true),
  );
  return [...ofCore, ...ofPlugins];
}

function findingsOf(
  file: string,
  schema: Schema,
  schemas: PublishedSchemas,
  needsDefault: boolean,
): string[] {
  // Options that come with a published schema are told of once, in its own file.
  const shared = file.startsWith('core/schemas/listen') ? [] : sharedNames(schemas);
  return optionsOf(schema, schemas)
    .filter(({ path }) => !shared.some((name) => path.endsWith(`listen[].${name}`)))
    .flatMap((option) => [
      ...(option.description === '' ? [`${file}: ${option.path} has no description`] : []),
      ...(needsDefault && lacksDefault(option) ? [`${file}: ${option.path} has no default`] : []),
    ]);
}

function sharedNames(schemas: PublishedSchemas): string[] {
  const listen = schemas.get('angarium:listen');
  return listen === undefined ? [] : optionsOf(listen, schemas).map(({ path }) => path);
}

function lacksDefault({ defaultValue, isRequired, unless, description }: Option): boolean {
  return (
    defaultValue === undefined &&
    !isRequired &&
    unless.length === 0 &&
    !saysWhatAbsenceMeans.test(description)
  );
}
