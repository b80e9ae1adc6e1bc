/**
 * The commands that are there without any plugin, each a file in commands/. To add one: write the file, add it
 * to the list in commands/index.ts.
 */
import type { Command, CommandContext } from '@angarium/sdk';
import type { LogFormat } from '../log/log.js';
import type { LogLevel, ManifestSource } from '../manifest/manifest.js';

/** What the operator said before and around the command. */
export interface Invocation {
  /** -c, --data, --set: for readManifest and loadPlan. */
  readonly source: ManifestSource;
  /** `--log`: undefined when not given, then the manifest says. */
  readonly logFormat: LogFormat | undefined;
  /** `--log-level` or LOG: as above. */
  readonly logLevel: LogLevel | undefined;
  /** --json */
  readonly isJson: boolean;
  /** Of @angarium/core. */
  readonly version: string;
  /** The arguments as typed, for starting the same again. */
  readonly argv: readonly string[];
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
  /** Path shown to people: relative to the working directory when that is shorter. */
  shorten(file: string): string;
}

/** As the SDK's Command; `run` also gets what was said around it. A result of undefined prints nothing. */
export interface BuiltInCommand<R = unknown> extends Omit<Command<R>, 'run'> {
  run(context: CommandContext, invocation: Invocation): Promise<R>;
  /** For results that are bad news: 1. Default 0. */
  exitStatus?(result: R): 0 | 1;
  /** More text for --help. */
  readonly notes?: string;
}

/** Keeps R inferred. */
export function defineBuiltIn<R>(command: BuiltInCommand<R>): BuiltInCommand {
  return command as unknown as BuiltInCommand;
}

/** Words that come before several commands, for the overview of --help. */
export const groupSummaries: Readonly<Record<string, string>> = {
  plugins: 'what is enabled, what is there, how it does',
};
