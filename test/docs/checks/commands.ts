/** A command whose option is every command's does not start. */
import type { Inputs } from '../inputs.js';

export function commandFindings({ commands, globalOptions }: Inputs): string[] {
  const taken = new Set(globalOptions.flatMap(([flags]) => longFlags(flags)));
  return commands.flatMap(({ name, options = [] }) =>
    options.flatMap(({ flags }) =>
      longFlags(flags)
        .filter((flag) => taken.has(flag))
        .map((flag) => `angarium ${name}: the option ${flag} is every command's`),
    ),
  );
}

/** `-u, --user <name>` is `--user`: the short ones may mean something else behind a command. */
function longFlags(flags: string): string[] {
  return flags.match(/--[a-z-]+/g) ?? [];
}
