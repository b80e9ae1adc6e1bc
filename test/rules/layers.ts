/** Who may import whom: the SDK nobody of ours, core the SDK, a plugin the SDK; never core, never another plugin. */
import { posix } from 'node:path';
import { isTest, matches, type Rule, type SourceFile } from './sources.js';

type Layer = 'sdk/api' | 'sdk/testing' | 'sdk/create-plugin' | 'core' | 'plugins' | 'test' | 'registry';

const mayImport: Readonly<Record<Layer, readonly Layer[]>> = {
  'sdk/api': [],
  'sdk/testing': ['sdk/api', 'core'],
  'sdk/create-plugin': ['sdk/api', 'sdk/testing'],
  core: ['sdk/api'],
  plugins: ['sdk/api'],
  test: ['sdk/api', 'sdk/testing', 'core', 'plugins', 'registry'],
  registry: ['sdk/api', 'sdk/testing', 'core', 'plugins'],
};

/** Libraries that must exist once, so that only the SDK may have them. */
const onlyInSdk = new Set(['tsyringe', 'reflect-metadata', 'tapable']);

export const layers: Rule = {
  name: 'layers',
  check: (file) => (file.path.endsWith('package.json') ? checkPackage(file) : checkImports(file)),
};

function layerOf(path: string): Layer | undefined {
  // The rules' own tests quote what is wrong.
  if (path.startsWith('test/rules/')) return undefined;
  const parts = path.split('/');
  const two = `${parts[0]}/${parts[1]}`;
  const name = two in mayImport ? two : parts[0]!;
  return name in mayImport ? (name as Layer) : undefined;
}

/** `plugins/x`, `core`: relative imports stay inside. */
function packageOf(path: string): string {
  const depth = path.startsWith('plugins/') || path.startsWith('sdk/') ? 2 : 1;
  return path.split('/').slice(0, depth).join('/');
}

function layerOfPackage(name: string): Layer | undefined {
  if (name === '@angarium/sdk') return 'sdk/api';
  if (name === '@angarium/testing') return 'sdk/testing';
  if (name === '@angarium/create-plugin') return 'sdk/create-plugin';
  if (name === '@angarium/core') return 'core';
  return name.startsWith('@angarium/plugin-') ? 'plugins' : undefined;
}

const importPattern = /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\(\s*|\bdeclare module\s+)['"]([^'"\n]+)['"]/g;

function checkImports(file: SourceFile) {
  const layer = layerOf(file.path);
  if (layer === undefined) return [];
  return matches(file.text, importPattern).flatMap(({ line, found }) => {
    const text = complaint(file.path, layer, found[1]!);
    return text === undefined ? [] : [{ line, text }];
  });
}

function complaint(path: string, layer: Layer, specifier: string): string | undefined {
  if (specifier.startsWith('.')) {
    const target = posix.join(posix.dirname(path), specifier);
    return packageOf(target) === packageOf(path)
      ? undefined
      : `"${specifier}" leaves the package ${packageOf(path)}`;
  }
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
  if (onlyInSdk.has(name) && layer !== 'sdk/api' && layer !== 'test')
    return `only the SDK may import ${name}`;
  if (specifier === '@angarium/sdk/internals' && (layer === 'plugins' || layer === 'sdk/create-plugin')) {
    return '@angarium/sdk/internals is the kernel’s';
  }
  const target = layerOfPackage(name);
  if (target === undefined || mayImport[layer].includes(target)) return undefined;
  if (target === 'sdk/testing' && isTest(path) && layer === 'plugins') return undefined;
  const allowed = mayImport[layer].join(', ') || 'nothing of ours';
  return `${packageOf(path)} may not import ${name} (allowed: ${allowed})`;
}

interface PackageJson {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

function checkPackage({ path, text }: SourceFile) {
  const layer = layerOf(path);
  if (layer === undefined) return [];
  const json = JSON.parse(text) as PackageJson;
  const development = Object.keys(json.devDependencies ?? {}).filter((name) => name !== '@angarium/testing');
  const names = [json.dependencies, json.peerDependencies, json.optionalDependencies].flatMap((each) =>
    Object.keys(each ?? {}),
  );
  const problems = [...names, ...development].flatMap((name) => complaint(path, layer, name) ?? []);
  if (layer === 'plugins' && json.dependencies?.['@angarium/sdk'] !== undefined) {
    problems.push('@angarium/sdk belongs in peerDependencies, so that there is one copy');
  }
  return problems.map((problem) => ({ line: 0, text: problem }));
}
