/** Does a plugin's code keep to its manifest? Checked on its classes before any is constructed. */
import {
  type Constructor,
  type Contract,
  contractName,
  isRegistry,
  type Part,
  type Provision,
} from '@angarium/sdk';
import { inheritsInjections, injectionsOf } from '@angarium/sdk/internals';
import type { Problem } from '../errors.js';
import { kernelContracts } from './kernel-contracts.js';
import type { LoadedPlugin } from './types.js';

export function checkInjections(plugin: LoadedPlugin): Problem[] {
  const { definition } = plugin;
  return [
    ...checkProvisions(plugin, definition.provides),
    ...definition.provides.flatMap(({ useClass }) => checkClass(plugin, useClass, [])),
    ...definition.parts.flatMap((part) => checkPart(plugin, part)),
  ];
}

function checkProvisions({ id, manifest }: LoadedPlugin, provisions: readonly Provision[]): Problem[] {
  const problems: Problem[] = [];
  const provided = new Map<string, string>();
  for (const { tokens, useClass } of provisions) {
    for (const name of tokens.map(contractName)) {
      const other = provided.get(name);
      if (other !== undefined) {
        problems.push({ text: `plugin ${id}: ${other} and ${useClass.name} both provide ${name}` });
      } else if (!manifest.provides.includes(name)) {
        const text = `plugin ${id}: ${useClass.name} provides ${name}, which the plugin's manifest does not list in "provides"`;
        problems.push({ text });
      }
      provided.set(name, useClass.name);
    }
  }
  for (const name of manifest.provides) {
    if (provided.has(name) || name.startsWith('registry:')) continue;
    problems.push({
      text: `plugin ${id}: the manifest lists ${name} in "provides", but no class provides it`,
    });
  }
  return problems;
}

function checkPart(plugin: LoadedPlugin, { useClass, when }: Part): Problem[] {
  const names = when.map(contractName);
  const problems: Problem[] = names
    .filter((name, index) => !isRegistry(when[index]!) && !isListed(plugin, name))
    .map((name) => ({
      text: `plugin ${plugin.id}: ${useClass.name} depends on ${name}, which the plugin's manifest does not list in "optional"`,
    }));
  return [...problems, ...checkClass(plugin, useClass, names)];
}

function checkClass(plugin: LoadedPlugin, useClass: Constructor<object>, when: readonly string[]): Problem[] {
  const problems: Problem[] = [];
  const where = `plugin ${plugin.id}: ${useClass.name}`;
  if (inheritsInjections(useClass)) {
    return [
      { text: `${where} inherits an injected constructor; give it its own with @inject on each parameter` },
    ];
  }
  const injections = injectionsOf(useClass);
  for (let index = 0; index < useClass.length; index++) {
    if (injections.some((injection) => injection.index === index)) continue;
    problems.push({ text: `${where}: constructor parameter ${index + 1} has no @inject(TOKEN)` });
  }
  for (const { token, isOptional } of injections) {
    const text = checkToken(plugin, token, isOptional, when);
    if (text !== undefined) problems.push({ text: `${where} injects ${text}` });
  }
  return problems;
}

function checkToken(
  plugin: LoadedPlugin,
  token: Contract<unknown>,
  isOptional: boolean,
  when: readonly string[],
): string | undefined {
  if (typeof token !== 'symbol')
    return `${String((token as { name?: string }).name ?? token)}, which is not a contract`;
  const name = contractName(token);
  if (isRegistry(token) || kernelContracts.has(name)) return undefined;
  const { requires, provides, optional } = plugin.manifest;
  if (requires.includes(name) || provides.includes(name)) return undefined;
  if (!optional.includes(name)) {
    return `${name}, which the plugin's manifest lists neither in "requires" nor in "optional"`;
  }
  if (isOptional || when.includes(name)) return undefined;
  return `${name}, which is optional: use @injectOptional, or make the class a part with "when"`;
}

function isListed({ manifest }: LoadedPlugin, name: string): boolean {
  const { requires, optional, provides } = manifest;
  return [...requires, ...optional, ...provides].includes(name) || kernelContracts.has(name);
}
