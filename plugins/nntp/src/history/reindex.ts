/** `angarium nntp reindex`: for groups that were there before the plugin, and after a crash beside other doors. */

import type { MailStore } from '@angarium/sdk';
import { CommandError, defineCommand, NumberSet } from '@angarium/sdk';
import type { Group, Groups } from '../groups/groups.js';
import { ARTICLES_A_SLICE } from '../limits.js';
import { Wildmat } from '../wildmat.js';
import type { Follower } from './follower.js';

export interface ReindexEnvironment {
  readonly store: MailStore;
  readonly groups: Groups;
  readonly follower: Follower;
}

export function reindexCommand(environment: ReindexEnvironment) {
  return defineCommand({
    name: 'nntp reindex',
    summary: 'Note anew which articles are in which newsgroups',
    arguments: [{ name: '[wildmat]', summary: 'newsgroups; default: all' }],
    async run({ args, signal, progress }) {
      const text = typeof args[0] === 'string' ? args[0] : '*';
      const wildmat = Wildmat.parse(text);
      if (wildmat === undefined) throw new CommandError(`"${text}" is no wildmat`, 2);
      const groups = (await environment.groups.all()).filter(({ name }) => wildmat.matches(name));
      const bar = progress('newsgroups', groups.length);
      let articles = 0;
      for (const group of groups) {
        signal.throwIfAborted();
        articles += await reindex(environment, group);
        bar.advance(1);
      }
      bar.done();
      return { groups: groups.length, articles };
    },
    text: ({ groups, articles }) => `${articles} articles in ${groups} newsgroups noted`,
  });
}

async function reindex({ store, follower }: ReindexEnvironment, { entry }: Group): Promise<number> {
  const snapshot = await store.mailbox(entry.id).snapshot();
  let count = 0;
  for (let at = 0; at < snapshot.count; at += ARTICLES_A_SLICE) {
    const end = Math.min(snapshot.count, at + ARTICLES_A_SLICE) - 1;
    count += await follower.note(entry.id, snapshot.uidsAt(NumberSet.range(at, end)));
  }
  return count;
}
