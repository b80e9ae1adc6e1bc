/** LIST and its keywords (RFC 3977 §7.6, RFC 6048 §2). */
import { type ArgumentReader, CommandSyntaxError, defineTextCommand } from '@angarium/sdk';
import type { Group } from '../groups/groups.js';
import { visibleGroups, withMarks } from '../groups/visible.js';
import type { Watermarks } from '../groups/watermarks.js';
import { GROUPS_A_SLICE, MAX_WILDMAT } from '../limits.js';
import { overviewFields } from '../reading/fields.js';
import type { NntpSession } from '../session.js';
import { fromWire, oneLine, toWire } from '../text.js';
import { Wildmat } from '../wildmat.js';

export function parseWildmat(args: ArgumentReader): Wildmat | undefined {
  const word = args.tryWord();
  args.expectEnd();
  return word === undefined ? undefined : wildmatOf(word);
}

/** @throws CommandSyntaxError */
export function wildmatOf(word: string): Wildmat {
  if (word.length > MAX_WILDMAT) throw new CommandSyntaxError('The wildmat is too long');
  const wildmat = Wildmat.parse(fromWire(word) ?? '');
  if (wildmat === undefined) throw new CommandSyntaxError('Malformed wildmat');
  return wildmat;
}

type Lines = (session: NntpSession, groups: readonly Group[]) => AsyncIterable<string> | Iterable<string>;

/** A list about groups. */
function groupList(name: string, rfc: string, lines: Lines) {
  return defineTextCommand({
    name,
    syntax: `${name} [wildmat]`,
    rfc,
    states: 'any',
    parse: parseWildmat,
    async run(session: NntpSession, wildmat) {
      const groups = await visibleGroups(session, wildmat);
      if (groups === undefined) return;
      session.answer(215, 'List follows');
      await session.lines(lines(session, groups));
    },
  });
}

function marked(format: (name: string, marks: Watermarks, status: string) => string): Lines {
  return (session, groups) =>
    withMarks(session, groups, (group, marks) =>
      format(toWire(group.name), marks, session.environment.groups.status(session.identity, group)),
    );
}

const active = marked((name, { low, high }, status) => `${name} ${high} ${low} ${status}`);

/** RFC 3977 §7.6.3. */
export const listActive = groupList('LIST ACTIVE', '3977#7.6.3', active);

/** RFC 6048 §2.2. */
export const listCounts = groupList(
  'LIST COUNTS',
  '6048#2.2',
  marked((name, { low, high, count }, status) => `${name} ${high} ${low} ${count} ${status}`),
);

/** RFC 3977 §7.6.4. */
export const listActiveTimes = groupList('LIST ACTIVE.TIMES', '3977#7.6.4', (_session, groups) =>
  groups.map(({ name, entry }) => `${toWire(name)} ${Math.floor(entry.createdMs / 1000)} news`),
);

/** RFC 3977 §7.6.6: the mailbox's comment, as in Cyrus. */
export const listNewsgroups = groupList('LIST NEWSGROUPS', '3977#7.6.6', descriptions);

async function* descriptions(session: NntpSession, groups: readonly Group[]): AsyncGenerator<string> {
  const { catalogue } = session.environment.store;
  for (let at = 0; at < groups.length; at += GROUPS_A_SLICE) {
    const slice = groups.slice(at, at + GROUPS_A_SLICE);
    const found = await Promise.all(slice.map(({ entry }) => catalogue.metadata(entry.id, undefined)));
    for (let i = 0; i < slice.length; i++) {
      const comment = found[i]!.get('/shared/comment') ?? Buffer.alloc(0);
      yield `${toWire(slice[i]!.name)}\t${oneLine(Buffer.from(comment).latin1Slice())}`;
    }
  }
}

/** A list of what is in the settings. `lines` undefined: there is none. */
function fixedList(
  name: string,
  rfc: string,
  lines: (session: NntpSession, wildmat: Wildmat | undefined) => readonly string[] | undefined,
) {
  return defineTextCommand({
    name,
    syntax: name,
    rfc,
    states: 'any',
    parse: parseWildmat,
    run(session: NntpSession, wildmat) {
      const list = lines(session, wildmat);
      if (list === undefined) return session.answer(503, 'Not kept here');
      session.answer(215, 'List follows');
      return session.lines(list.map((line) => oneLine(toWire(line))));
    },
  });
}

/** Tabs are separators here, and stay. */
function tabbed(name: string, text: string): string {
  return `${name} ${text}`;
}

/** RFC 3977 §8.4. */
export const listOverviewFmt = fixedList('LIST OVERVIEW.FMT', '3977#8.4', () => [
  ...overviewFields.map((field) => (field.startsWith(':') ? field : `${field}:`)),
  'Xref:full',
]);

/** RFC 3977 §8.6: `:` is any header field, the others are the metadata items. Same for MSGID and RANGE. */
export const listHeaders = defineTextCommand({
  name: 'LIST HEADERS',
  syntax: 'LIST HEADERS [MSGID|RANGE]',
  rfc: '3977#8.6',
  states: 'any',
  parse(args) {
    const word = args.tryWord()?.toUpperCase();
    args.expectEnd();
    if (word !== undefined && word !== 'MSGID' && word !== 'RANGE') {
      throw new CommandSyntaxError('MSGID or RANGE expected');
    }
  },
  run(session: NntpSession) {
    session.answer(215, 'Field list follows');
    return session.lines([':', ':bytes', ':lines']);
  },
});

/** RFC 3977 §7.6.5. */
export const listDistribPats = fixedList('LIST DISTRIB.PATS', '3977#7.6.5', (session) =>
  session.environment.config.distribPats.map(({ weight, groups, value }) => `${weight}:${groups}:${value}`),
);

/** RFC 6048 §2.3. */
export const listDistributions = fixedList('LIST DISTRIBUTIONS', '6048#2.3', (session) =>
  Object.entries(session.environment.config.distributions).map(([key, text]) => tabbed(key, text)),
);

/** RFC 6048 §2.4. */
export const listModerators = fixedList('LIST MODERATORS', '6048#2.4', (session) =>
  session.environment.config.moderators.map(({ groups, address }) => `${groups}:${address}`),
);

/** RFC 6048 §2.5. */
export const listMotd = fixedList('LIST MOTD', '6048#2.5', ({ environment: { config } }) =>
  config.motd === '' ? undefined : config.motd.replace(/\n$/, '').split('\n'),
);

/** RFC 6048 §2.6. */
export const listSubscriptions = fixedList('LIST SUBSCRIPTIONS', '6048#2.6', (session, wildmat) =>
  session.environment.config.subscriptions.filter((name) => wildmat?.matches(name) ?? true),
);

/** RFC 3977 §7.6.1: without a keyword it is LIST ACTIVE; a keyword that is not known is a syntax error. */
export const list = defineTextCommand({
  name: 'LIST',
  syntax: 'LIST [keyword [wildmat|argument]]',
  rfc: '3977#7.6.1',
  states: 'any',
  parse(args) {
    if (!args.isAtEnd) throw new CommandSyntaxError('Unknown keyword');
  },
  async run(session: NntpSession) {
    const groups = await visibleGroups(session, undefined);
    if (groups === undefined) return;
    session.answer(215, 'List follows');
    await session.lines(active(session, groups));
  },
});
