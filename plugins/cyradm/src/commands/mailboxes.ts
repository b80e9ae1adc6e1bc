/** createmailbox, deletemailbox, renamemailbox, xfermailbox, reconstruct, subscribe, unsubscribe. */
import { astring } from '../imap/client.js';
import {
  type Builtin,
  CommandFailed,
  clientOf,
  demand,
  mailboxArgument,
  parseOptions,
  type Run,
} from '../shell/builtin.js';
import { eachMatching, isPattern } from './listing.js';

const createUsage = 'createmailbox [--partition partition] [--specialuse specialuse] mailbox [partition]';

const create: Builtin = {
  name: 'createmailbox',
  aliases: ['create', 'cm'],
  usage: '[--partition partition] [--specialuse specialuse] mailbox [partition]',
  summary: 'create mailbox',
  completes: 'mailbox',
  async run(run) {
    const { values, rest } = parseOptions(run.args, { partition: true, specialuse: true }, createUsage);
    const [mailbox, second] = rest;
    if (mailbox === undefined || rest.length > 2)
      throw new CommandFailed('usage: createmailbox [--partition partition] mailbox [partition]');
    const client = clientOf(run, 'createmailbox');
    const partition = values.get('partition') ?? second;
    const use = values.get('specialuse');
    if (use !== undefined && !client.has('CREATE-SPECIAL-USE'))
      throw new CommandFailed('createmailbox: Remote does not support CREATE-SPECIAL-USE.');
    const pieces = ['CREATE', mailboxArgument(mailbox)];
    // RFC 6154 §3, with Cyrus's PARTITION; without a use Cyrus's older form, which every version takes.
    if (use !== undefined)
      pieces.push(
        partition === undefined
          ? `(USE (${atom(use)}))`
          : `(PARTITION ${atom(partition)} USE (${atom(use)}))`,
      );
    else if (partition !== undefined) pieces.push(astring(partition));
    await demand(client, 'createmailbox', pieces);
  },
};

function atom(text: string): string {
  if (/^\\?[^\s(){}%*"\\\x00-\x1f\x7f-\uffff]+$/.test(text)) return text;
  throw new CommandFailed(`createmailbox: ${text}: not an atom`);
}

const remove: Builtin = {
  name: 'deletemailbox',
  aliases: ['delete', 'dm'],
  usage: 'mailbox',
  summary: 'delete mailbox',
  completes: 'mailbox',
  async run(run) {
    const { rest } = parseOptions(run.args, {}, 'deletemailbox mailbox');
    const [mailbox, host] = rest;
    if (mailbox === undefined || rest.length > 2) throw new CommandFailed('usage: deletemailbox mailbox');
    const client = clientOf(run, 'deletemailbox');
    const tail = host === undefined ? [] : [astring(host)];
    if (!isPattern(mailbox)) {
      await demand(client, 'deletemailbox', ['DELETE', mailboxArgument(mailbox), ...tail]);
      return;
    }
    await eachMatching(run, client, mailbox, 'Deleting mailbox', (name) =>
      demand(client, 'deletemailbox', ['DELETE', mailboxArgument(name), ...tail]),
    );
  },
};

const renameUsage = 'renamemailbox [--partition name] oldname newname [partition]';

const rename: Builtin = {
  name: 'renamemailbox',
  aliases: ['rename', 'renm', 'ren'],
  usage: '[--partition partition] oldname newname [partition]',
  summary: 'rename (and optionally relocate) mailbox',
  completes: 'mailbox',
  async run(run) {
    const { from, to, partition } = twoNames(run, renameUsage);
    const client = clientOf(run, 'renamemailbox');
    const tail = partition === undefined ? [] : [astring(partition)];
    const names = [mailboxArgument(from), mailboxArgument(to)];
    const answer = await client.command(['RENAME', ...names, ...tail]);
    // Cyrus tells of mailboxes below that it could not rename.
    for (const { name, text } of answer.untagged) if (name === 'NO') run.out.write(`${text}\n`);
    if (answer.kind !== 'OK') throw new CommandFailed(`renamemailbox: ${answer.text}`);
  },
};

const xferUsage = 'xfermailbox [--partition name] mailbox server [partition]';

const xfer: Builtin = {
  name: 'xfermailbox',
  aliases: ['xfer'],
  usage: '[--partition partition] mailbox server [partition]',
  summary: 'transfer (relocate) a mailbox to a different server',
  completes: 'mailbox',
  async run(run) {
    const { from, to, partition } = twoNames(run, xferUsage);
    const tail = partition === undefined ? [] : [astring(partition)];
    await demand(clientOf(run, 'xfermailbox'), 'xfermailbox', [
      'XFER',
      mailboxArgument(from),
      astring(to),
      ...tail,
    ]);
  },
};

function twoNames(run: Run, usage: string): { from: string; to: string; partition: string | undefined } {
  const { values, rest } = parseOptions(run.args, { partition: true }, usage);
  const [from, to, third] = rest;
  const partition = values.get('partition');
  if (from === undefined || to === undefined || rest.length > (partition === undefined ? 3 : 2))
    throw new CommandFailed(`usage: ${usage}`);
  return { from, to, partition: partition ?? third };
}

const reconstruct: Builtin = {
  name: 'reconstruct',
  aliases: [],
  usage: '[-r] mailbox',
  summary: 'reconstruct mailbox (if supported)',
  completes: 'mailbox',
  async run(run) {
    const usage = 'reconstruct [-r] mailbox';
    const { flags, rest } = parseOptions(run.args, { r: false }, usage);
    const [mailbox] = rest;
    if (mailbox === undefined || rest.length > 1) throw new CommandFailed(`usage: ${usage}`);
    const tail = flags.has('r') ? ['RECURSIVE'] : [];
    const client = clientOf(run, 'reconstruct');
    await demand(client, 'reconstruct', ['RECONSTRUCT', mailboxArgument(mailbox), ...tail]);
  },
};

function subscription(name: string, alias: string, summary: string): Builtin {
  return {
    name,
    aliases: [alias],
    usage: '[mailbox]',
    summary,
    completes: 'mailbox',
    async run(run) {
      const { rest } = parseOptions(run.args, {}, `${name} [mailbox]`);
      const client = clientOf(run, name);
      const answer = await client.command([name.toUpperCase(), mailboxArgument(rest[0] ?? '')]);
      if (answer.kind !== 'OK') throw new CommandFailed(answer.text);
    },
  };
}

export const mailboxCommands: readonly Builtin[] = [
  create,
  remove,
  reconstruct,
  rename,
  subscription('subscribe', 'sub', 'subscribe to a mailbox'),
  subscription('unsubscribe', 'unsub', 'unsubscribe from a mailbox'),
  xfer,
];
