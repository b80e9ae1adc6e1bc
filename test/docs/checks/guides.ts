/** READMEs and guides speak of commands and options that exist. */
import { parse as parseYaml } from 'yaml';
import type { SourceFile } from '../../rules/sources.js';
import type { CommandInfo, Inputs, PluginInfo } from '../inputs.js';
import { type Option, optionsOf } from '../schema-options.js';

/** `angarium` and a word that is no command. */
const phrases = new Set(['angarium ready']);

export function guideFindings(inputs: Inputs): string[] {
  return inputs.guides.flatMap((guide) =>
    [
      ...commandLines(guide).flatMap((line) => commandFinding(line, inputs)),
      ...yamlBlocks(guide).flatMap((block) => yamlFindings(block, inputs)),
      ...optionMentions(guide, inputs),
    ].map((text) => `${guide.path}: ${text}`),
  );
}

/** From `angarium` on: code spans, and the lines of code blocks. */
function commandLines({ text }: SourceFile): string[] {
  const fences = [...text.matchAll(/^ *```[a-z]*\n([\s\S]*?)^ *```/gm)].flatMap(([, block]) =>
    block!.split('\n'),
  );
  const spans = [...text.replace(/^ *```[\s\S]*?^ *```/gm, '').matchAll(/`([^`]+)`/g)].map(([, span]) =>
    span!.replace(/\s+/g, ' '),
  );
  return [...fences, ...spans].flatMap((line) => {
    const found = /(?:^|[\s|;&$])(?:npx )?angarium (.+)$/.exec(line);
    return found === null || phrases.has(found[0].trim()) ? [] : [found[1]!.replace(/ #.*$/, '')];
  });
}

function commandFinding(line: string, { commands, globalOptions }: Inputs): string[] {
  const words = withoutGlobalOptions(line.split(/\s+/), globalOptions);
  const [first, second] = words;
  // `angarium --help`, `angarium COMMAND`, `angarium …`
  if (first === undefined || !/^[a-z]/.test(first)) return [];
  // `plugins list|info`
  const names = second === undefined ? [first] : second.split('|').map((word) => `${first} ${word}`);
  return names.flatMap((name) => {
    const command =
      commands.find((each) => each.name === name) ?? commands.find((each) => each.name === first);
    const isGroup =
      commands.some((each) => each.name.startsWith(`${first} `)) && !/^[a-z]/.test(second ?? '');
    if (command === undefined) return isGroup ? [] : [`\`angarium ${name}\` is no command`];
    return unknownFlags(words, command).map((flag) => `\`angarium ${command.name}\` has no option ${flag}`);
  });
}

function withoutGlobalOptions(words: readonly string[], globalOptions: Inputs['globalOptions']): string[] {
  const flags = new Map(
    globalOptions.flatMap(([text]) =>
      text
        .split(/[ ,]+/)
        .flatMap((word): [string, boolean][] => (word.startsWith('-') ? [[word, text.includes('<')]] : [])),
    ),
  );
  const rest: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const [flag] = words[at]!.replace(/^\[/, '').split('=');
    const takesValue = flags.get(flag!);
    if (takesValue === undefined) rest.push(words[at]!);
    else if (takesValue && !words[at]!.includes('=')) at++;
  }
  return rest;
}

function unknownFlags(words: readonly string[], { options }: CommandInfo): string[] {
  if (options === undefined) return [];
  const known = new Set(options.flatMap(({ flags }) => flags.split(/[ ,|]+/)).concat('--help', '-h'));
  const end = words.findIndex((word) => word === '|' || word === '&&' || word === '>');
  return (end < 0 ? words : words.slice(0, end))
    .map((word) => /^\[?(--?[a-zA-Z][\w-]*)/.exec(word)?.[1])
    .filter((flag) => flag !== undefined)
    .filter((flag) => !known.has(flag) && !known.has(flag.replace(/^--no-/, '--')));
}

function yamlBlocks({ text }: SourceFile): string[] {
  return [...text.matchAll(/^ *```ya?ml\n([\s\S]*?)^ *```/gm)].map(([, block]) => block!);
}

/** Blocks with `plugins:` are pieces of a manifest. */
function yamlFindings(block: string, { plugins, schemas }: Inputs): string[] {
  let value: unknown;
  try {
    value = parseYaml(block);
  } catch (error) {
    return [`a yaml block that cannot be read: ${(error as Error).message.split('\n')[0]}`];
  }
  if (!isMap(value) || !isMap(value['plugins'])) return [];
  const { plugins: enabled, ...settings } = value;
  const manifest = schemas.get('angarium:manifest');
  const ofManifest = manifest === undefined ? [] : unknownPaths(settings, optionsOf(manifest, schemas));
  return [
    ...ofManifest.map((path) => `\`${path}\` is no option of the manifest`),
    ...Object.entries(enabled as object).flatMap(([id, config]) =>
      pluginConfigFindings(id, config, plugins, schemas),
    ),
  ];
}

function pluginConfigFindings(
  id: string,
  config: unknown,
  plugins: readonly PluginInfo[],
  schemas: Inputs['schemas'],
): string[] {
  const plugin = plugins.find((each) => each.id === id || each.packageName === id);
  // Other people's plugins may be in examples.
  if (plugin === undefined) return id.startsWith('@') ? [] : [`\`${id}\` is no plugin`];
  const options = plugin.configSchema === undefined ? [] : optionsOf(plugin.configSchema, schemas);
  return unknownPaths(config, options).map((path) => `\`${path}\` is no option of ${id}`);
}

function unknownPaths(value: unknown, options: readonly Option[], prefix = ''): string[] {
  if (Array.isArray(value))
    return value.flatMap((item) => unknownPaths(item, options, prefix.replace(/\.$/, '[].')));
  if (!isMap(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const path = prefix + key;
    const isKnown = options.some((option) => option.path === path);
    if (isKnown) return unknownPaths(inner, options, `${path}.`);
    const parent = prefix.replace(/\.$/, '');
    const isMapOfNames = options.some((option) => option.path.startsWith(`${prefix}NAME`));
    if (isMapOfNames) return unknownPaths(inner, options, `${prefix}NAME.`);
    // A map whose values have no options of their own.
    return parent !== '' && !options.some((option) => option.path.startsWith(prefix)) ? [] : [path];
  });
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** In a plugin's README: `a.b` where a is an option, and `a: value`. */
function optionMentions(guide: SourceFile, { plugins, schemas }: Inputs): string[] {
  const plugin = plugins.find(({ id }) => guide.path === `plugins/${id}/README.md`);
  if (plugin?.configSchema === undefined) return [];
  const paths = optionsOf(plugin.configSchema, schemas).map(({ path }) => path.replace(/\[\]/g, ''));
  const spans = [...guide.text.replace(/^ *```[\s\S]*?^ *```/gm, '').matchAll(/`([^`\n]+)`/g)].map(
    ([, span]) => span!,
  );
  return spans.flatMap((span) => {
    const [, name] =
      /^([a-z][A-Za-z]*(?:\.[a-z][A-Za-z]*)+)$/.exec(span) ?? /^([a-z][A-Za-z.]*): \S.*$/.exec(span) ?? [];
    if (name === undefined) return [];
    const [head] = name.split('.');
    const isMeant = !name.includes('.') || paths.includes(head!);
    const isKnown = paths.some((path) => path === name || path.endsWith(`.${name}`));
    return isMeant && !isKnown ? [`\`${span}\`: ${plugin.id} has no option ${name}`] : [];
  });
}
