/** `commands.md`: the command line. */
import type { CommandInfo, Inputs } from '../inputs.js';
import { code, codeBlock, page, prose, table } from '../markdown.js';

export function commandsPage({ commands, globalOptions }: Inputs): string {
  return page([
    '# Commands',
    'Exit status: 0 done, 1 failed, 2 wrong usage. Nothing is asked when standard input is no terminal.',
    '## Options of every command',
    list([...globalOptions, ['-h, --help', 'the text of a command']]),
    '## Overview',
    table(
      ['command', 'what it does', 'from'],
      commands.map((command) => [
        `[${command.name}](#${anchorOf(command)})`,
        prose(capitalised(command.summary)),
        command.plugin === undefined ? 'built in' : `[${command.plugin}](plugins/${command.plugin}.md)`,
      ]),
    ),
    ...commands.flatMap(commandBlocks),
  ]);
}

function anchorOf({ name }: CommandInfo): string {
  return `angarium-${name.replace(/ /g, '-')}`;
}

function commandBlocks(command: CommandInfo): (string | undefined)[] {
  const { name, summary, arguments: args, options, notes } = command;
  const usage = ['angarium', name, ...(args ?? []).map((each) => each.name)].join(' ');
  return [
    `## angarium ${name}`,
    prose(sentence(summary)),
    codeBlock(options !== undefined && options.length > 0 ? `${usage} [options]` : usage, ''),
    args === undefined ? 'Its arguments and options: see `--help`.' : undefined,
    list((args ?? []).map((each) => [each.name, each.summary])),
    list((options ?? []).map(optionRow)),
    notes === undefined ? undefined : codeBlock(notes.trim(), ''),
  ];
}

function optionRow(option: NonNullable<CommandInfo['options']>[number]): readonly [string, string] {
  const { flags, summary, defaultValue } = option;
  return [flags, defaultValue === undefined ? summary : `${summary} (default: ${defaultValue})`];
}

function list(rows: readonly (readonly [name: string, text: string])[]): string | undefined {
  if (rows.length === 0) return undefined;
  return rows.map(([name, text]) => `- ${code(name)}: ${prose(text)}`).join('\n');
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? capitalised(text) : `${capitalised(text)}.`;
}

/** Summaries of commands begin as their authors like it. */
function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
