/** listquota, listquotaroot, setquota (RFC 9208). */
import { astring } from '../imap/client.js';
import { decodeName, encodeName } from '../imap/mod-utf7.js';
import { listOf, textOf, type Untagged } from '../imap/response.js';
import {
  type Builtin,
  CommandFailed,
  clientOf,
  demand,
  mailboxArgument,
  parseOptions,
} from '../shell/builtin.js';

/** ` STORAGE 0/10240 (0%)`, one after another. */
function quotaText(lines: readonly Untagged[]): string {
  let text = '';
  for (const { name, values } of lines) {
    if (name !== 'QUOTA') continue;
    const triplets = listOf(values[1]);
    for (let at = 0; at + 2 < triplets.length; at += 3) {
      const [resource, used, limit] = triplets.slice(at, at + 3).map(textOf);
      text += ` ${resource} ${used}/${limit}`;
      if (Number(limit) > 0) text += ` (${percent(Number(used), Number(limit))}%)`;
    }
  }
  return text;
}

/** As Perl prints numbers: up to 15 digits. */
function percent(used: number, limit: number): number {
  return Number(((used * 100) / limit).toPrecision(15));
}

const list: Builtin = {
  name: 'listquota',
  aliases: ['lq'],
  usage: 'root',
  summary: 'list quotas on specified root',
  completes: 'mailbox',
  async run(run) {
    const { rest } = parseOptions(run.args, {}, 'listquota root');
    const [root] = rest;
    if (root === undefined || rest.length > 1) throw new CommandFailed('usage: listquota root');
    const client = clientOf(run, 'listquota');
    const { untagged } = await demand(client, 'listquota', ['GETQUOTA', mailboxArgument(root)]);
    run.out.write(`${quotaText(untagged)}\n`);
  },
};

const listRoot: Builtin = {
  name: 'listquotaroot',
  aliases: ['lqr', 'lqm'],
  usage: 'mailbox',
  summary: 'show quota roots and quotas for mailbox',
  completes: 'mailbox',
  async run(run) {
    const { rest } = parseOptions(run.args, {}, 'listquotaroot mailbox');
    const [mailbox] = rest;
    if (mailbox === undefined || rest.length > 1) throw new CommandFailed('usage: listquotaroot mailbox');
    const client = clientOf(run, 'listquotaroot');
    const { untagged } = await demand(client, 'listquotaroot', ['GETQUOTAROOT', mailboxArgument(mailbox)]);
    const [, ...roots] = untagged.find(({ name }) => name === 'QUOTAROOT')?.values ?? [];
    const quotas = untagged.filter(({ name }) => name === 'QUOTA');
    // Cyrus knows one root; others (RFC 9208 §4.1.2) get a line each.
    const lines = roots.map((root) => {
      const own = quotas.filter(({ values }) => textOf(values[0]) === textOf(root));
      return `${decodeName(textOf(root))}${quotaText(own)}\n`;
    });
    run.out.write(lines.length === 0 ? '\n' : lines.join(''));
  },
};

const usage = 'setquota mailbox limit num [limit num ...]\n       setquota mailbox num';

const set: Builtin = {
  name: 'setquota',
  aliases: ['sq'],
  usage: 'mailbox resource value [resource value ...]',
  summary: 'set quota on mailbox or resource',
  completes: 'mailbox',
  async run(run) {
    const { rest } = parseOptions(run.args, {}, usage);
    const [mailbox, ...given] = rest;
    if (mailbox === undefined) throw new CommandFailed(`usage: ${usage}`);
    let pairs = given;
    if (given.length === 1 && given[0] === 'none') {
      pairs = [];
      run.out.write('remove quota\n');
    } else if (given.length === 1) {
      pairs = ['STORAGE', given[0]!];
      run.out.write(`quota:${given[0]}\n`);
    }
    if (pairs.length % 2 !== 0 || given.length === 0) throw new CommandFailed(`usage: ${usage}`);
    const limits = pairsOf(pairs);
    const client = clientOf(run, 'setquota');
    await demand(client, 'setquota', ['SETQUOTA', astring(encodeName(mailbox)), `(${limits})`]);
  },
};

function pairsOf(words: readonly string[]): string {
  for (let at = 0; at < words.length; at += 2) {
    const resource = words[at]!;
    const limit = words[at + 1]!;
    if (!/^[!#$&'+,\-./0-9:;<=>?@A-Z[\]^_`a-z|}~]+$/.test(resource))
      throw new CommandFailed(`setquota: ${resource}: not an atom`);
    if (!/^\d+$/.test(limit)) throw new CommandFailed(`setquota: ${resource}: ${limit}: not a number`);
  }
  return words.join(' ');
}

export const quotaCommands: readonly Builtin[] = [list, listRoot, set];
