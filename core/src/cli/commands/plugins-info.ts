/** `angarium plugins info NAME`: what it provides, needs, may touch, and how it is configured. */
import { CommandError, permissions } from '@angarium/sdk';
import { readManifest } from '../../manifest/manifest.js';
import { findPackageDir, readPluginPackage } from '../../plugins/package.js';
import { installedFor } from '../../plugins/plan-plugins.js';
import { type CommandSummary, packageNameOf } from '../../plugins/types.js';
import { type ConfigOption, configOptions } from '../../schema/options.js';
import type { JsonSchema } from '../../schema/published.js';
import { nearest } from '../../text/nearest.js';
import { defineBuiltIn } from '../builtin.js';
import { indent, table } from '../text-table.js';

interface PluginInfo {
  readonly name: string;
  readonly package: string;
  readonly version: string;
  readonly description: string;
  readonly folder: string;
  readonly enabled: boolean;
  readonly sdk: string;
  readonly provides: readonly string[];
  readonly requires: readonly string[];
  readonly optional: readonly string[];
  readonly permissions: readonly string[];
  readonly commands: readonly CommandSummary[];
  readonly configSchema: JsonSchema | null;
  readonly problems: readonly string[];
}

export const pluginsInfo = defineBuiltIn<PluginInfo>({
  name: 'plugins info',
  summary: 'what a plugin provides, needs, may touch, and how it is configured',
  arguments: [{ name: '<name>', summary: 'short name or package name' }],
  async run({ args: [name] }, { source }) {
    const manifest = readManifest(source);
    const dir = findPackageDir(packageNameOf(name as string), [manifest.dir, import.meta.dirname]);
    if (dir === undefined) {
      const known = installedFor(manifest).map(({ id }) => id);
      const near = nearest(name as string, known);
      throw new CommandError(
        `no plugin ${name} is installed${near === undefined ? '' : `, did you mean ${near}?`}`,
      );
    }
    const found = readPluginPackage(dir);
    const { sdk, provides, requires, optional, permissions, commands } = found.manifest;
    return {
      name: found.id,
      package: found.packageName,
      version: found.version,
      description: found.description,
      folder: dir,
      enabled: Object.keys(manifest.settings.plugins).some((key) => packageNameOf(key) === found.packageName),
      sdk,
      provides,
      requires,
      optional,
      permissions,
      commands,
      configSchema: found.configSchema ?? null,
      problems: found.problems.map(({ text }) => text),
    };
  },
  text: infoText,
});

function infoText(info: PluginInfo): string {
  const facts = [
    ['package', `${info.package} ${info.version}${info.enabled ? ', enabled' : ''}`],
    ['folder', info.folder],
    ['for SDK', info.sdk],
    ['provides', info.provides.join(', ') || '–'],
    ['requires', info.requires.join(', ') || '–'],
    ['optional', info.optional.join(', ') || '–'],
    ['permissions', info.permissions.map(describedPermission).join(', ') || '–'],
  ];
  const parts = [`${info.name}: ${info.description}`, indent(table(facts))];
  if (info.commands.length > 0) {
    parts.push('', 'Commands:', indent(table(info.commands.map(({ name, summary }) => [name, summary]))));
  }
  const options = info.configSchema === null ? [] : configOptions(info.configSchema);
  parts.push(
    '',
    options.length === 0 ? 'It takes no configuration.' : `Configuration:\n${optionsText(options)}`,
  );
  if (info.problems.length > 0) parts.push('', 'Problems:', indent(info.problems.join('\n')));
  return parts.join('\n');
}

function optionsText(options: readonly ConfigOption[]): string {
  const rows = options.map(({ name, type, defaultValue, isRequired, description }) => [
    name,
    type,
    isRequired ? 'required' : defaultValue === undefined ? '' : `default ${JSON.stringify(defaultValue)}`,
    description,
  ]);
  return indent(table(rows));
}

function describedPermission(name: string): string {
  const known = permissions.find((permission) => permission.name === name);
  return known === undefined ? name : `${name} (${known.summary})`;
}
