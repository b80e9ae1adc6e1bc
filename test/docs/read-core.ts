/** What core knows and does not export: read from its built files, so that it need not become public for the sake of a page. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CommandInfo, Inputs } from './inputs.js';

async function built<T>(root: string, path: string): Promise<T> {
  return (await import(pathToFileURL(join(root, 'core/dist', path)).href)) as T;
}

/** Names of the contracts that the kernel provides. */
export async function kernelContracts(root: string): Promise<ReadonlySet<string>> {
  const module = await built<{ kernelContracts: ReadonlySet<string> }>(root, 'plugins/kernel-contracts.js');
  return module.kernelContracts;
}

export interface BuiltInCommands {
  readonly commands: readonly (Omit<CommandInfo, 'plugin'> & { readonly name: string })[];
  readonly globalOptions: Inputs['globalOptions'];
}

export async function builtInCommands(root: string): Promise<BuiltInCommands> {
  const { builtInCommands: commands } = await built<{ builtInCommands: BuiltInCommands['commands'] }>(
    root,
    'cli/commands/index.js',
  );
  const { globalOptionHelp } = await built<{ globalOptionHelp: Inputs['globalOptions'] }>(
    root,
    'cli/global-options.js',
  );
  return { commands, globalOptions: globalOptionHelp };
}
