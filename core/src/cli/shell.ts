/**
 * `angarium`: finds the command, built in or a plugin's, runs it, prints its result, answers the exit status.
 * Names and summaries of plugins' commands come from their manifests: their code is loaded only to run one (or
 * to show its own --help), and then only of the plugins it needs.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { COMMANDS, CommandError, type Command as DeclaredCommand } from '@angarium/sdk';
import type { Command } from 'commander';
import { errorText, formatProblem, KernelError } from '../errors.js';
import type { Kernel } from '../kernel.js';
import { readManifest, runDirOf } from '../manifest/manifest.js';
import { type PlannedPlugin, type PluginPlan, planPlugins, requireValid } from '../plugins/plan-plugins.js';
import type { CommandSummary } from '../plugins/types.js';
import { controlPath } from '../workers/control.js';
import { joinServer } from '../workers/control-bus.js';
import { type BuiltInCommand, groupSummaries, type Invocation } from './builtin.js';
import { neededFor, startCommandKernel } from './command-kernel.js';
import { builtInCommands } from './commands/index.js';
import { commandContext } from './context.js';
import { globalOptionHelp, takeGlobalOptions } from './global-options.js';
import { commandLog } from './logging.js';
import { CommanderError, type Declaration, declare, newCommand } from './parser.js';

export interface ShellProcess {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

/** 0 done, 1 failed, 2 wrong usage; others where the operator asked for them. */
export type ExitStatus = number;

/** @param builtIns default: all of commands/. */
export async function runShell(
  process: ShellProcess,
  builtIns: readonly BuiltInCommand[] = builtInCommands,
): Promise<ExitStatus> {
  let isJson = process.argv.includes('--json');
  let shell: Shell | undefined;
  try {
    const { options, rest } = takeGlobalOptions(process.argv, process.env);
    isJson = options.isJson;
    const { cwd, env, stdout, stderr, argv } = process;
    const invocation: Invocation = {
      source: {
        file: options.config ?? findManifest(cwd),
        sets: options.sets,
        cwd,
        env,
        ...(options.data !== undefined && { dataDir: options.data }),
      },
      logFormat: options.log,
      logLevel: options.logLevel,
      isJson,
      version: coreVersion(),
      argv,
      stdout,
      stderr,
      shorten: (file) => shorten(file, cwd),
    };
    shell = new Shell(process, invocation, builtIns);
    return await shell.run(rest);
  } catch (error) {
    return report(error, process, isJson, shell?.failureStatus ?? 1);
  }
}

class Shell {
  private status: ExitStatus = 0;
  /** Of the command that is running. */
  failureStatus: ExitStatus = 1;

  constructor(
    private readonly process: ShellProcess,
    private readonly invocation: Invocation,
    private readonly builtIns: readonly BuiltInCommand[],
  ) {}

  async run(rest: readonly string[]): Promise<ExitStatus> {
    const isBuiltIn = this.builtIns.some(({ name }) => startsWithWords(rest, name));
    const needsNames = !isBuiltIn && rest[0] !== '--version' && rest[0] !== '-V';
    const planned = !needsNames ? undefined : this.planQuietly();
    const wanted = !needsNames ? undefined : findPluginCommand(rest, planned?.plugins ?? []);
    if (planned !== undefined && wanted !== undefined) {
      return await this.runPluginCommand(planned, wanted, rest.slice(wanted.words));
    }
    const program = this.program(planned?.plugins ?? []);
    if (rest.length === 0) {
      program.outputHelp();
      return 2;
    }
    await program.parseAsync(rest, { from: 'user' });
    return this.status;
  }

  /** For names only: a manifest with mistakes still shows what it can. */
  private planQuietly(): PluginPlan | undefined {
    const { source, stderr, shorten } = this.invocation;
    if (!existsSync(resolve(source.cwd ?? '.', source.file))) return undefined;
    const planned = planPlugins(readManifest(source));
    if (planned.problems.length > 0) {
      stderr.write(`${shorten(planned.manifest.file)} has errors (angarium check tells them)\n`);
    }
    return planned;
  }

  private program(plugins: readonly PlannedPlugin[]): Command {
    const program = newCommand('angarium', this.process)
      .description('A server that is a kernel and plugins.')
      .version(this.invocation.version, '-V, --version', 'the version')
      .usage('[options] COMMAND [options]');
    for (const [flags, summary] of globalOptionHelp) program.option(flags, summary);
    for (const builtIn of this.builtIns) {
      const command = this.declareIn(program, builtIn);
      command.action(() => this.runBuiltIn(builtIn, command));
    }
    for (const { manifest, id } of plugins) {
      for (const { name, summary } of manifest.commands) {
        this.declareIn(program, { name, summary: `${summary} (${id})` });
      }
    }
    for (const group of program.commands) {
      if (group.description() === '') group.description(group.commands.map((c) => c.name()).join(', '));
    }
    return program;
  }

  /** A word may be a command and have others below it: `go` and `go home`. */
  private declareIn(program: Command, declaration: Declaration): Command {
    const words = declaration.name.split(' ');
    const first = words[0]!;
    const known = program.commands.find((command) => command.name() === first);
    if (words.length === 1 && known !== undefined) return known.description(declaration.summary);
    const command = declare(declaration, words.at(-1)!, this.process);
    if (words.length === 1) program.addCommand(command);
    else {
      const parent = known ?? newCommand(first, this.process).description(groupSummaries[first] ?? '');
      if (known === undefined) program.addCommand(parent);
      parent.addCommand(command);
    }
    return command;
  }

  private async runBuiltIn(builtIn: BuiltInCommand, command: Command): Promise<void> {
    const result = await this.inContext(command, (context) => builtIn.run(context, this.invocation));
    this.print(builtIn, result);
    this.status = builtIn.exitStatus?.(result) ?? 0;
  }

  private async runPluginCommand(
    planned: PluginPlan,
    wanted: WantedCommand,
    args: readonly string[],
  ): Promise<ExitStatus> {
    this.failureStatus = wanted.command.failureStatus ?? 1;
    requireValid(planned);
    const { manifest } = planned;
    const log = commandLog(this.invocation, manifest.settings);
    // A server that runs beside hears of what the command changes.
    await using bus = await joinServer(controlPath(runDirOf(manifest)), log);
    const plugins =
      wanted.command.plugins === 'all' ? planned.plugins : neededFor(wanted.plugin.id, planned.plugins);
    const kernel = await startCommandKernel(
      { manifest, plugins },
      {
        log,
        bus,
        version: this.invocation.version,
        announce: (text) => void this.process.stderr.write(`${text}\n`),
      },
    );
    await this.thenStop(kernel, async () => {
      const declared = kernel.registry(COMMANDS).items.find(({ name }) => name === wanted.command.name);
      if (declared === undefined) {
        const { id } = wanted.plugin;
        throw new CommandError(
          `plugin ${id} lists the command "${wanted.command.name}" but does not bring it`,
        );
      }
      await this.parseAndRun(declared, args);
    });
    return this.status;
  }

  /** A failure to stop (it is in the log) does not hide why the command failed. */
  private async thenStop(kernel: Kernel, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      await kernel.stop().catch(() => {});
      throw error;
    }
    await kernel.stop();
  }

  private async parseAndRun(declared: DeclaredCommand, args: readonly string[]): Promise<void> {
    const command = declare(declared, `angarium ${declared.name}`, this.process);
    command.action(async () => {
      const result = await this.inContext(command, (context) => declared.run(context));
      this.print(declared, result);
      this.status = declared.exitStatus?.(result) ?? 0;
    });
    await command.parseAsync([...args], { from: 'user' });
  }

  private async inContext<R>(
    command: Command,
    work: (context: Parameters<DeclaredCommand['run']>[0]) => Promise<R>,
  ): Promise<R> {
    using running = commandContext({ args: command.processedArgs, options: command.opts() }, this.process);
    return await work(running.context);
  }

  private print<R>(command: { text(result: R): string }, result: R): void {
    if (result === undefined) return;
    const text = this.invocation.isJson ? JSON.stringify(result, null, 2) : command.text(result);
    if (text !== '') this.process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
  }
}

interface WantedCommand {
  readonly plugin: PlannedPlugin;
  readonly command: CommandSummary;
  /** How many words its name has. */
  readonly words: number;
}

function findPluginCommand(
  rest: readonly string[],
  plugins: readonly PlannedPlugin[],
): WantedCommand | undefined {
  const found = plugins
    .flatMap((plugin) => plugin.manifest.commands.map((command) => ({ plugin, command })))
    .filter(({ command }) => startsWithWords(rest, command.name))
    .map((each) => ({ ...each, words: each.command.name.split(' ').length }));
  return found.sort((a, b) => b.words - a.words)[0];
}

function startsWithWords(rest: readonly string[], name: string): boolean {
  return name.split(' ').every((word, index) => rest[index] === word);
}

/** In the working directory or the nearest folder above. */
function findManifest(cwd: string): string {
  for (let dir = cwd; ; dir = dirname(dir)) {
    const file = join(dir, 'angarium.yaml');
    if (existsSync(file)) return file;
    if (dirname(dir) === dir) return join(cwd, 'angarium.yaml');
  }
}

function shorten(file: string, cwd: string): string {
  const short = relative(cwd, file);
  return short !== '' && short.length < file.length ? short : file;
}

export function coreVersion(): string {
  const url = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(url, 'utf8')) as { version: string }).version;
}

function report(
  error: unknown,
  { stderr, cwd, env }: ShellProcess,
  isJson: boolean,
  failureStatus: ExitStatus,
): ExitStatus {
  if (error instanceof CommanderError) {
    // commander has printed already; help and version that were asked for are no failure.
    return error.exitCode === 0 ? 0 : 2;
  }
  const problems = error instanceof KernelError ? error.problems : [];
  // Told already.
  if (error instanceof CommandError && error.message === '') return error.exitStatus;
  if (isJson) {
    const code = (error as { code?: unknown } | null)?.code;
    const facts = {
      message: errorText(error),
      ...(code !== undefined && { code }),
      ...(problems.length > 0 && { problems }),
    };
    stderr.write(`${JSON.stringify({ error: facts })}\n`);
  } else if (problems.length > 0) {
    stderr.write(
      `${problems.map((problem) => formatProblem(problem, (file) => shorten(file, cwd))).join('\n')}\n`,
    );
  } else stderr.write(`angarium: ${errorText(error)}\n`);
  if (!isJson && env['LOG'] === 'debug' && error instanceof Error) stderr.write(`${error.stack}\n`);
  return error instanceof CommandError ? error.exitStatus : failureStatus;
}
