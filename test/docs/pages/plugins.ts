/** `plugins.md` and a page a plugin. */
import type { Inputs, PluginInfo } from '../inputs.js';
import { code, codeList, page, prose, table } from '../markdown.js';
import { optionsOf } from '../schema-options.js';
import { optionList } from './options.js';

export function pluginPages(inputs: Inputs): [path: string, text: string][] {
  return [
    ['plugins.md', overview(inputs)],
    ...inputs.plugins.map((plugin): [string, string] => [
      `plugins/${plugin.id}.md`,
      pluginPage(plugin, inputs),
    ]),
  ];
}

function overview({ plugins, permissions }: Inputs): string {
  return page([
    '# Plugins',
    'The plugins of this repository. A manifest enables them by these names.',
    table(
      ['plugin', 'what it is', 'provides'],
      plugins.map(({ id, description, provides }) => [
        `[${id}](plugins/${id}.md)`,
        description,
        codeList(provides),
      ]),
    ),
    '## Permissions',
    'What a plugin may say that it touches.',
    permissions.map(({ name, summary }) => `- ${code(name)}: ${summary}`).join('\n'),
  ]);
}

function pluginPage(plugin: PluginInfo, inputs: Inputs): string {
  const { id, packageName, description, hasReadme } = plugin;
  const place = `Package ${code(packageName)}.`;
  return page([
    `# ${id}`,
    prose(`${description}.`.replace(/([.!?])\.$/, '$1')),
    hasReadme ? `${place} How to use it: [README](../../../plugins/${id}/README.md).` : place,
    contractsText(plugin),
    '## Permissions',
    permissionsText(plugin, inputs),
    '## Commands',
    commandsText(plugin),
    '## Configuration',
    configurationText(plugin, inputs),
  ]);
}

function contractsText({ provides, requires, optional, taps, calls }: PluginInfo): string {
  const rows = [
    ['provides', codeList(provides)],
    ['requires', codeList(requires)],
    ['uses if there', codeList(optional)],
    ['taps hooks', codeList(taps)],
    ['calls hooks', codeList(calls)],
  ];
  return [table(['', 'names'], rows), '[Contracts](../contracts.md) · [Hooks](../hooks.md)'].join('\n\n');
}

function permissionsText({ permissions }: PluginInfo, inputs: Inputs): string {
  if (permissions.length === 0) return 'None.';
  return permissions
    .map((name) => {
      const known = inputs.permissions.find((permission) => permission.name === name);
      return `- ${code(name)}${known === undefined ? '' : `: ${known.summary}`}`;
    })
    .join('\n');
}

function commandsText({ commands }: PluginInfo): string {
  if (commands.length === 0) return 'None.';
  return commands
    .map(({ name, summary }) => {
      const anchor = `angarium-${name.replace(/ /g, '-')}`;
      return `- [\`angarium ${name}\`](../commands.md#${anchor}): ${prose(summary)}`;
    })
    .join('\n');
}

function configurationText({ id, configSchema }: PluginInfo, { schemas }: Inputs): string {
  const options = configSchema === undefined ? [] : optionsOf(configSchema, schemas);
  if (options.length === 0) return 'It takes no configuration.';
  return `Under \`plugins.${id}\` in the manifest.\n\n${optionList(options)}`;
}
