/** Reads everything that the pages are made from: built declarations, the SDK itself, schemas, packages, sources. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as sdk from '@angarium/sdk';
import { injectionsOf } from '@angarium/sdk/internals';
import { readSources, type SourceFile } from '../rules/sources.js';
import { unionMembers } from './dts/declarations.js';
import { type ApiModule, readModules } from './dts/modules.js';
import type { ContractInfo, Inputs, MailErrorInfo, PluginInfo } from './inputs.js';
import { byText } from './markdown.js';
import { readCommands } from './read-commands.js';
import { kernelContracts } from './read-core.js';
import type { Schema } from './schema-options.js';

/** Not for plugins. */
const hiddenModules = new Set(['internals']);

export async function readInputs(root: string): Promise<Inputs> {
  const modules = readModules(declarationFiles(join(root, 'sdk/api/dist')), hiddenModules);
  const sources = readSources(root).filter(isOwnSource);
  const plugins = await readPlugins(root, sources);
  const commands = await readCommands(root, plugins);
  return {
    modules,
    contracts: readContracts(await kernelContracts(root)),
    hooks: sdk.hookCatalogue,
    permissions: sdk.permissions,
    plugins,
    commands: commands.commands,
    globalOptions: commands.globalOptions,
    schemas: readSchemas(join(root, 'core/schemas')),
    mailErrors: mailErrors(modules),
    kernelErrors: kernelErrors(join(root, 'core/src/errors.ts')),
    sources,
    guides: readGuides(root, plugins),
    problems: commands.problems,
  };
}

/** Sources that run: no tests, nothing that only tests use. */
function isOwnSource({ path }: SourceFile): boolean {
  const isOurs = /^(core|sdk|plugins)\//.test(path) && path.endsWith('.ts');
  return isOurs && !/\.test\.|\/test-support\//.test(path) && !path.startsWith('sdk/testing/');
}

function declarationFiles(dir: string): Map<string, string> {
  const files = readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.d.ts') && !/\.test\./.test(path))
    .sort();
  return new Map(files.map((path) => [path.replace(/\.d\.ts$/, ''), readFileSync(join(dir, path), 'utf8')]));
}

function readContracts(ofKernel: ReadonlySet<string>): ContractInfo[] {
  return Object.entries(sdk)
    .filter((entry): entry is [string, symbol] => typeof entry[1] === 'symbol')
    .filter(([, token]) => token.description?.startsWith('angarium:') === true)
    .map(([constant, token]) => {
      const name = sdk.contractName(token);
      return { name, constant, isRegistry: sdk.isRegistry(token), isKernels: ofKernel.has(name) };
    })
    .sort((a, b) => byText(a.name, b.name));
}

function readSchemas(dir: string): Map<string, Schema> {
  const files = readdirSync(dir).filter((name) => name.endsWith('.schema.json'));
  return new Map(
    files.sort().map((name) => {
      const schema = JSON.parse(readFileSync(join(dir, name), 'utf8')) as Schema;
      return [String(schema['$id']), schema];
    }),
  );
}

interface PackageJson {
  readonly name: string;
  readonly description?: string;
  readonly angarium?: Partial<
    Pick<PluginInfo, 'sdk' | 'provides' | 'requires' | 'optional' | 'permissions'>
  > & {
    readonly commands?: PluginInfo['commands'];
    readonly config?: string;
  };
}

async function readPlugins(root: string, sources: readonly SourceFile[]): Promise<PluginInfo[]> {
  const ids = readdirSync(join(root, 'plugins')).filter((id) =>
    existsSync(join(root, 'plugins', id, 'package.json')),
  );
  return await Promise.all(ids.sort(byText).map((id) => readPlugin(root, id, sources)));
}

async function readPlugin(root: string, id: string, sources: readonly SourceFile[]): Promise<PluginInfo> {
  const dir = join(root, 'plugins', id);
  const {
    name,
    description = '',
    angarium = {},
  } = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8')) as PackageJson;
  const configFile = angarium.config === undefined ? undefined : join(dir, angarium.config);
  const text = sources
    .filter(({ path }) => path.startsWith(`plugins/${id}/`))
    .map((source) => source.text)
    .join('\n');
  return {
    id,
    packageName: name,
    description,
    sdk: angarium.sdk,
    provides: angarium.provides ?? [],
    requires: angarium.requires ?? [],
    optional: angarium.optional ?? [],
    permissions: angarium.permissions ?? [],
    commands: angarium.commands ?? [],
    configSchema:
      configFile !== undefined && existsSync(configFile)
        ? (JSON.parse(readFileSync(configFile, 'utf8')) as Schema)
        : undefined,
    hasReadme: existsSync(join(dir, 'README.md')),
    registries: await registriesOf(join(dir, 'dist/index.js')),
    taps: hookNames(text, 'tap'),
    calls: hookNames(text, 'hook'),
  };
}

async function registriesOf(entry: string): Promise<string[]> {
  const { default: definition } = (await import(pathToFileURL(entry).href)) as {
    default: sdk.PluginDefinition;
  };
  const classes = [...definition.provides, ...definition.parts].map(({ useClass }) => useClass);
  const tokens = classes.flatMap(injectionsOf).map(({ token }) => token);
  return [...new Set(tokens.filter(sdk.isRegistry).map(sdk.contractName))].sort(byText);
}

function hookNames(text: string, method: 'tap' | 'hook'): string[] {
  const found = [...text.matchAll(new RegExp(`\\.${method}\\(\\s*'([a-z]+\\.[a-zA-Z]+)'`, 'g'))];
  return [...new Set(found.map(([, name]) => name!))].sort(byText);
}

function mailErrors(modules: readonly ApiModule[]): MailErrorInfo[] {
  const code = modules
    .flatMap(({ files }) => files)
    .flatMap((file) => file.exports)
    .find(({ name }) => name === 'MailErrorCode');
  const members = code?.helpers.flatMap((helper) => helper.members) ?? [];
  return members.map(({ name, doc }) => ({
    code: name,
    isTemporary: new sdk.MailError(name as sdk.MailErrorCode, '').temporary,
    meaning: doc,
  }));
}

function kernelErrors(file: string): Inputs['kernelErrors'] {
  const members = unionMembers(readFileSync(file, 'utf8'), 'KernelErrorCode');
  return members.map(({ name, doc }) => ({ code: name, meaning: doc }));
}

/** Written pages; the generated ones are not asked to agree with themselves. */
function readGuides(root: string, plugins: readonly PluginInfo[]): SourceFile[] {
  const docs = existsSync(join(root, 'docs'))
    ? readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).map((path) =>
        join(root, 'docs', path),
      )
    : [];
  const readmes = ['README.md', 'CHANGELOG.md', ...plugins.map(({ id }) => `plugins/${id}/README.md`)];
  return [...readmes.map((path) => join(root, path)), ...docs]
    .map((file) => relative(root, file).split(/[\\/]/).join(posix.sep))
    .filter(
      (path) => path.endsWith('.md') && !path.startsWith('docs/reference/') && existsSync(join(root, path)),
    )
    .sort(byText)
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}
