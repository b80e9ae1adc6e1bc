/** A command's declaration as a commander command: arguments, options, --help. */
import type { Command as DeclaredCommand } from '@angarium/sdk';
import { Command, CommanderError, Help } from 'commander';
import { globalOptionHelp, reservedFlags } from './global-options.js';

export type Declaration = Pick<DeclaredCommand, 'name' | 'summary' | 'arguments' | 'options'> & {
  readonly notes?: string;
};

export interface Streams {
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
}

export { CommanderError };

/** Throws CommanderError instead of ending the process. */
export function newCommand(name: string, { stdout, stderr }: Streams): Command {
  return new Command(name)
    .exitOverride()
    .helpCommand(false)
    .helpOption('-h, --help', 'this text')
    .configureHelp({ sortSubcommands: false, subcommandTerm: (command) => command.name() })
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      writeErr: (text) => void stderr.write(text),
    });
}

/** @param word the last word of the name. @throws Error when an option takes the name of a global one. */
export function declare(declaration: Declaration, word: string, streams: Streams): Command {
  const command = newCommand(word, streams).description(declaration.summary).allowExcessArguments(false);
  for (const { name, summary } of declaration.arguments ?? []) command.argument(name, summary);
  for (const { flags, summary, defaultValue } of declaration.options ?? []) {
    const taken = flags.split(/[ ,|]+/).find((flag) => reservedFlags.has(flag));
    if (taken !== undefined)
      throw new Error(`command "${declaration.name}": the option ${taken} is every command's`);
    command.option(flags, summary, defaultValue);
  }
  const notes = declaration.notes === undefined ? '' : `\n${declaration.notes}\n`;
  return command.addHelpText('after', `${notes}\n${globalOptionsText()}`);
}

function globalOptionsText(): string {
  const help = new Help();
  const width = Math.max(...globalOptionHelp.map(([flags]) => flags.length));
  const rows = globalOptionHelp.map(([flags, summary]) => help.formatItem(flags, width, summary, help));
  return ['Options of every command:', ...rows].join('\n');
}
