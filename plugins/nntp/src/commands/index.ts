import { CommandTable } from '@angarium/sdk';
import type { NntpSession } from '../session.js';
import { article, body, head, stat } from './article.js';
import { pass, sasl, user } from './auth.js';
import { capabilitiesCommand } from './capabilities.js';
import { compress, date, modeReader, modeStream, quit, slave, starttls } from './connection.js';
import { group, last, listgroup, next } from './group.js';
import { helpCommand } from './help.js';
import * as lists from './list.js';
import { newgroups, newnews } from './news.js';
import { hdr, over, xhdr, xover, xpat } from './over.js';
import { check, ihave, post, takethis } from './post.js';

export const commands: CommandTable<NntpSession> = new CommandTable<NntpSession>([
  capabilitiesCommand(() => commands),
  helpCommand(() => commands),
  modeReader,
  modeStream,
  starttls,
  compress,
  user,
  pass,
  sasl,
  group,
  listgroup,
  last,
  next,
  article,
  head,
  body,
  stat,
  over,
  xover,
  hdr,
  xhdr,
  xpat,
  lists.list,
  lists.listActive,
  lists.listActiveTimes,
  lists.listCounts,
  lists.listDistribPats,
  lists.listDistributions,
  lists.listHeaders,
  lists.listModerators,
  lists.listMotd,
  lists.listNewsgroups,
  lists.listOverviewFmt,
  lists.listSubscriptions,
  newgroups,
  newnews,
  post,
  ihave,
  check,
  takethis,
  date,
  slave,
  quit,
]);
