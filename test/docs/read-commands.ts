/**
 * Commands with arguments and options. Built-in ones are a list; those of plugins are only known once the plugins
 * run, so the repository's manifest is started in the role `command`, in a folder that goes away.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKernel, loadPlan, loadPlugins, lonelyBus, type PluginPlan } from '@angarium/core';
import { COMMANDS, type Command } from '@angarium/sdk';
import { RecordingLogger, testHost } from '@angarium/testing';
import type { CommandInfo, Inputs, PluginInfo } from './inputs.js';
import { byText } from './markdown.js';
import { builtInCommands } from './read-core.js';

interface ReadCommands extends Pick<Inputs, 'commands' | 'globalOptions' | 'problems'> {}

export async function readCommands(root: string, plugins: readonly PluginInfo[]): Promise<ReadCommands> {
  const builtIn = await builtInCommands(root);
  const { enabled, commands, problem } = await runningCommands(root);
  const listed = plugins.flatMap(({ id, commands: own }) => own.map((each) => ({ ...each, id })));
  const declared = new Map(commands.map((command) => [command.name, command]));
  const missing = listed
    .filter(({ id, name }) => enabled.has(id) && !declared.has(name))
    .map(
      ({ id, name }) =>
        `plugins/${id}/package.json: lists the command "${name}", which the plugin does not bring`,
    );
  const unlisted = commands
    .filter(({ name }) => !listed.some((each) => each.name === name))
    .map(({ name }) => `the command "${name}" is in no plugin's package.json`);
  return {
    commands: [
      ...builtIn.commands.map(builtInCommand),
      ...listed.map(({ id, name, summary }) => pluginCommand(id, { name, summary }, declared.get(name))),
    ].sort((a, b) => byText(a.name, b.name)),
    globalOptions: builtIn.globalOptions,
    problems: [...(problem === undefined ? [] : [problem]), ...missing, ...unlisted],
  };
}

function pluginCommand(
  plugin: string,
  { name, summary }: Pick<CommandInfo, 'name' | 'summary'>,
  declared: Command | undefined,
): CommandInfo {
  return {
    name,
    summary,
    plugin,
    arguments: declared && (declared.arguments ?? []),
    options: declared && (declared.options ?? []),
  };
}

function builtInCommand(command: Omit<CommandInfo, 'plugin'>): CommandInfo {
  const { name, summary, notes } = command;
  return {
    name,
    summary,
    notes,
    plugin: undefined,
    arguments: command.arguments ?? [],
    options: command.options ?? [],
  };
}

interface Running {
  /** Plugins that were asked. */
  readonly enabled: ReadonlySet<string>;
  readonly commands: readonly Command[];
  /** In a sentence. */
  readonly problem: string | undefined;
}

async function runningCommands(root: string): Promise<Running> {
  const dataDir = mkdtempSync(join(tmpdir(), 'angarium-docs-'));
  try {
    const planned = loadPlan({ file: join(root, 'angarium.yaml'), dataDir });
    const enabled = new Set(planned.plugins.map(({ id }) => id));
    return { enabled, commands: await commandsOf(planned, dataDir), problem: undefined };
  } catch (error) {
    const text = String((error as Error).message)
      .replaceAll(`${root}/`, '')
      .replace(/:?\s*\n\s*/g, '; ');
    const problem = `angarium.yaml: its plugins do not start, so commands are without arguments and options: ${text}`;
    return { enabled: new Set(), commands: [], problem };
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function commandsOf(planned: PluginPlan, dataDir: string): Promise<readonly Command[]> {
  const host = testHost(dataDir, { role: 'command', plugins: planned.plugins.map(({ id }) => id) });
  mkdirSync(host.runDir, { recursive: true });
  const kernel = createKernel({
    plugins: await loadPlugins(planned),
    host,
    log: new RecordingLogger(),
    bus: lonelyBus(),
  });
  try {
    await kernel.start();
    return [...kernel.registry(COMMANDS).items];
  } finally {
    await kernel.stop();
  }
}
