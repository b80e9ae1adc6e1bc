/** A folder with a manifest and plugin packages, for tests of what reads files. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { hostSdk } from '../plugins/package.js';

export interface WorkspacePlugin {
  /** Package name; `x` stands for `@angarium/plugin-x`. */
  readonly name: string;
  /** The `angarium` key; `sdk` is filled in. */
  readonly angarium?: Readonly<Record<string, unknown>>;
  readonly schema?: Readonly<Record<string, unknown>>;
  /** Of index.js. */
  readonly code?: string;
}

export interface Workspace {
  readonly dir: string;
  readonly manifest: string;
  path(...names: string[]): string;
}

/** Made under the system's temporary folder, removed after the test. */
export function makeWorkspace(
  test: TestContext,
  manifest: string,
  plugins: readonly WorkspacePlugin[] = [],
): Workspace {
  const dir = mkdtempSync(join(tmpdir(), 'angarium-test-'));
  test.after(() => rmSync(dir, { recursive: true, force: true }));
  const file = join(dir, 'angarium.yaml');
  writeFileSync(file, manifest);
  for (const plugin of plugins) writePlugin(dir, plugin);
  const scope = join(dir, 'node_modules', '@angarium');
  mkdirSync(scope, { recursive: true });
  symlinkSync(dirname(dirname(hostSdk().file)), join(scope, 'sdk'));
  return { dir, manifest: file, path: (...names) => join(dir, ...names) };
}

function writePlugin(dir: string, { name, angarium, schema, code }: WorkspacePlugin): void {
  const packageName = name.includes('/') ? name : `@angarium/plugin-${name}`;
  const folder = join(dir, 'node_modules', packageName);
  mkdirSync(folder, { recursive: true });
  const json = {
    name: packageName,
    version: '1.2.3',
    description: `the ${name} plugin`,
    type: 'module',
    exports: './index.js',
    angarium: { sdk: '^0.1.0', ...(schema !== undefined && { config: 'config.schema.json' }), ...angarium },
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(json, null, 2));
  if (schema !== undefined) writeFileSync(join(folder, 'config.schema.json'), JSON.stringify(schema));
  writeFileSync(
    join(folder, 'index.js'),
    code ?? "import { definePlugin } from '@angarium/sdk';\nexport default definePlugin({});\n",
  );
}
