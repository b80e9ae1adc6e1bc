/** `reconstruct`: checks and repairs indexes; with --full against the bodies; with --from-packs after a loss. */
import { type Clock, type Command, CommandError, defineCommand, type UserId } from '@angarium/sdk';
import type { StoreEngine } from '../engine.js';
import { type RebuildReport, rebuild } from '../maintenance/rebuild.js';
import type { Listed } from '../reading/list-cache.js';
import { findMailboxes } from './find.js';
import { formatMailboxName, parseMailboxName } from './names.js';

interface Reconstructed {
  readonly mailboxes: readonly {
    readonly mailbox: string;
    readonly messages: number;
    readonly faults: readonly string[];
  }[];
  readonly isDry: boolean;
  readonly rebuilt: RebuildReport | undefined;
}

export function reconstruct(engine: () => StoreEngine, clock: Clock): Command {
  return defineCommand<Reconstructed>({
    name: 'reconstruct',
    summary: 'check the indexes of mailboxes and put right what is wrong',
    arguments: [{ name: '[mailbox...]', summary: 'mailboxes or users; without any, all' }],
    options: [
      { flags: '-r, --recursive', summary: 'the mailboxes below the ones named, too' },
      { flags: '-u, --users', summary: 'the names are users: all their mailboxes' },
      {
        flags: '-G, --full',
        summary: 'read every message, compare it with its check sum and its stored summary',
      },
      { flags: '--from-packs', summary: 'bring back what a lost database knew, from the pack files' },
      { flags: '-n, --dry-run', summary: 'only tell' },
    ],
    run: async ({ args, options, signal, note, progress }) => {
      const isDry = options.dryRun === true;
      const names = (args[0] ?? []) as readonly string[];
      if (options.fromPacks === true) {
        if (names.length > 0)
          throw new CommandError('--from-packs rebuilds all that is lost: name no mailbox', 2);
        const rebuilt = await rebuild(engine(), clock, { isDry, note, signal });
        return { mailboxes: [], isDry, rebuilt };
      }
      const chosen = choose(engine(), names, options.recursive === true, options.users === true);
      const bar = progress('mailboxes', chosen.length);
      const mailboxes = [];
      for (const { entry, ref } of chosen) {
        signal.throwIfAborted();
        const report = await engine().writer.run('reconstruct', {
          ref,
          isFull: options.full === true,
          isDry,
        });
        mailboxes.push({ mailbox: formatMailboxName(entry.name), ...report });
        bar.advance(1);
      }
      bar.done();
      return { mailboxes, isDry, rebuilt: undefined };
    },
    text: toText,
  });
}

function choose(
  engine: StoreEngine,
  names: readonly string[],
  isRecursive: boolean,
  areUsers: boolean,
): readonly Listed[] {
  if (names.length === 0) return engine.catalogue.listed({});
  const chosen = new Map<string, Listed>();
  for (const name of names) {
    const found = areUsers
      ? engine.catalogue.listed({ owner: name as UserId })
      : isRecursive
        ? [...findMailboxes(engine, name), ...engine.catalogue.listed({ below: parseMailboxName(name) })]
        : findMailboxes(engine, name);
    for (const listed of found) chosen.set(listed.key, listed);
  }
  return [...chosen.values()];
}

function toText({ mailboxes, isDry, rebuilt }: Reconstructed): string {
  if (rebuilt !== undefined) {
    const { packs, bodies, mailboxes: count, messages, renewed, strays, faults } = rebuilt;
    return [
      `${packs} packs read, ${bodies} messages found`,
      `${isDry ? 'would bring back' : 'brought back'} ${count} mailboxes with ${messages} messages`,
      `${renewed} of them with a new UIDVALIDITY, ${strays} messages that belong nowhere`,
      ...faults,
    ].join('\n');
  }
  const wrong = mailboxes.filter(({ faults }) => faults.length > 0);
  const lines = wrong.flatMap(({ mailbox, faults }) => [mailbox, ...faults.map((fault) => `  ${fault}`)]);
  const end =
    wrong.length === 0
      ? 'nothing wrong'
      : isDry
        ? `${wrong.length} to be put right`
        : `${wrong.length} put right`;
  return [...lines, `${mailboxes.length} mailboxes: ${end}`].join('\n');
}
