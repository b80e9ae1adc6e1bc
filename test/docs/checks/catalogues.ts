/** Names of contracts and hooks mean the same in manifests, types and at run time. */
import type { Inputs } from '../inputs.js';
import { hookFamilies } from '../pages/hooks.js';

export function contractFindings({ contracts, plugins, permissions }: Inputs): string[] {
  const known = new Set(contracts.map(({ name }) => name));
  const allowed = new Set(permissions.map(({ name }) => name));
  return plugins.flatMap((plugin) => {
    const names = [...plugin.provides, ...plugin.requires, ...plugin.optional];
    const file = `plugins/${plugin.id}`;
    return [
      ...names
        .filter((name) => !known.has(name))
        .map((name) => `${file}/package.json: ${name} is no contract of the SDK`),
      ...plugin.permissions
        .filter((name) => !allowed.has(name))
        .map((name) => `${file}/package.json: ${name} is no permission`),
      ...(plugin.sdk === undefined ? [`${file}/package.json: the key angarium says nothing`] : []),
      ...(plugin.hasReadme ? [] : [`${file}: has no README.md`]),
    ];
  });
}

export function hookFindings({ modules, hooks }: Inputs): string[] {
  const types = hookFamilies(modules).flatMap((family) =>
    family.hooks.map((hook) => ({ ...hook, file: `sdk/api/src/${family.file.path}.ts` })),
  );
  const typed = new Set(types.map(({ name }) => name));
  return [
    ...types.flatMap(({ name, kind, file }) => {
      const declared = hooks[name];
      if (declared === undefined) return [`${file}: ${name} is not in declareHooks`];
      return declared.kind === kind
        ? []
        : [`${file}: ${name} is ${kind} as a type, ${declared.kind} when it runs`];
    }),
    ...Object.keys(hooks)
      .filter((name) => !typed.has(name))
      .map((name) => `sdk/api/src/hooks: ${name} has no type in the interface Hooks`),
  ];
}
