/** `angarium plugins list`: what is enabled, and what could be. */
import { readManifest } from '../../manifest/manifest.js';
import { installedFor, planPlugins } from '../../plugins/plan-plugins.js';
import { defineBuiltIn } from '../builtin.js';
import { table } from '../text-table.js';

interface ListedPlugin {
  readonly name: string;
  readonly package: string;
  readonly version: string;
  readonly enabled: boolean;
  readonly description: string;
}

export const pluginsList = defineBuiltIn<readonly ListedPlugin[]>({
  name: 'plugins list',
  summary: 'the plugins that are enabled, and those that could be',
  async run(_context, { source }) {
    const manifest = readManifest(source);
    const enabled = planPlugins(manifest).plugins;
    const others = installedFor(manifest).filter(({ id }) => !enabled.some((plugin) => plugin.id === id));
    return [...enabled, ...others].map(({ id, packageName, version, description }, index) => ({
      name: id,
      package: packageName,
      version,
      enabled: index < enabled.length,
      description,
    }));
  },
  text: (plugins) =>
    table(
      plugins.map(({ name, version, enabled, description }) => [
        name,
        version,
        enabled ? 'enabled' : '–',
        description,
      ]),
      ['plugin', 'version', 'state', 'what it is'],
    ),
});
