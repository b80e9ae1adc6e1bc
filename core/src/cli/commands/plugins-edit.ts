/** `angarium plugins add|remove`: edits angarium.yaml and leaves its comments and order as they are. */
import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { CommandError } from '@angarium/sdk';
import { isMap, type Pair, parseDocument, type Scalar } from 'yaml';
import { formatProblem } from '../../errors.js';
import { readManifest } from '../../manifest/manifest.js';
import { findPackageDir } from '../../plugins/package.js';
import { planPlugins } from '../../plugins/plan-plugins.js';
import { packageNameOf, pluginIdOf } from '../../plugins/types.js';
import { nearest } from '../../text/nearest.js';
import { defineBuiltIn, type Invocation } from '../builtin.js';

interface EditResult {
  readonly plugin: string;
  readonly manifest: string;
  readonly changed: boolean;
  /** What `angarium check` has to say of the changed manifest. */
  readonly problems: readonly string[];
}

const argument = { name: '<name>', summary: 'short name or package name' } as const;

export const pluginsAdd = defineBuiltIn<EditResult>({
  name: 'plugins add',
  summary: 'enable an installed plugin in the manifest',
  arguments: [argument],
  async run({ args: [name] }, invocation) {
    const id = pluginIdOf(name as string);
    const file = manifestFile(invocation);
    const { dir } = readManifest(invocation.source);
    if (findPackageDir(packageNameOf(id), [dir, import.meta.dirname]) === undefined) {
      throw new CommandError(
        `the package ${packageNameOf(id)} is not installed (npm install ${packageNameOf(id)})`,
      );
    }
    const changed = editPlugins(file, (plugins) => {
      if (plugins.keyOf(id) !== undefined) return false;
      plugins.add(id);
      return true;
    });
    return { plugin: id, manifest: file, changed, problems: problemsOf(invocation) };
  },
  text: ({ plugin, changed, problems }) =>
    [
      `${plugin} ${changed ? 'is enabled from the next start or reload on' : 'was enabled already'}`,
      ...problems,
    ].join('\n'),
});

export const pluginsRemove = defineBuiltIn<EditResult>({
  name: 'plugins remove',
  summary: 'take a plugin out of the manifest; its data stays',
  arguments: [argument],
  async run({ args: [name] }, invocation) {
    const id = pluginIdOf(name as string);
    const file = manifestFile(invocation);
    const changed = editPlugins(file, (plugins) => {
      const key = plugins.keyOf(id);
      if (key === undefined) {
        const near = nearest(id, plugins.keys());
        throw new CommandError(
          `plugin ${id} is not enabled${near === undefined ? '' : `, did you mean ${near}?`}`,
        );
      }
      plugins.remove(key);
      return true;
    });
    return { plugin: id, manifest: file, changed, problems: problemsOf(invocation) };
  },
  text: ({ plugin, problems }) =>
    [`${plugin} is out from the next start or reload on`, ...problems].join('\n'),
});

function manifestFile({ source }: Invocation): string {
  return resolve(source.cwd ?? '.', source.file);
}

interface PluginsEdit {
  keys(): string[];
  /** The key by which a plugin is enabled: its short name or its package's. */
  keyOf(id: string): string | undefined;
  add(id: string): void;
  remove(key: string): void;
}

/** Written beside and renamed, so that a crash leaves one of the two. */
function editPlugins(file: string, edit: (plugins: PluginsEdit) => boolean): boolean {
  const document = parseDocument(readFileSync(file, 'utf8'));
  if (document.errors.length > 0)
    throw new CommandError(`${file} cannot be parsed; angarium check tells more`);
  const section = document.get('plugins');
  if (section != null && !isMap(section)) throw new CommandError(`${file}: "plugins" is not a mapping`);
  const keys = isMap(section) ? (section.items as Pair<Scalar<string>>[]).map(({ key }) => key.value) : [];
  const changed = edit({
    keys: () => keys,
    keyOf: (id) => keys.find((key) => pluginIdOf(key) === id),
    add: (id) => document.setIn(['plugins', id], document.createNode({}, { flow: true })),
    remove: (key) => void document.deleteIn(['plugins', key]),
  });
  if (!changed) return false;
  const temporary = `${file}.new`;
  writeFileSync(temporary, document.toString({ lineWidth: 0 }), { mode: statSync(file).mode });
  renameSync(temporary, file);
  return true;
}

function problemsOf({ source, shorten }: Invocation): string[] {
  return planPlugins(readManifest(source)).problems.map((problem) => formatProblem(problem, shorten));
}
