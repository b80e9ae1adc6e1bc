import {
  type CommandLine,
  type FetchProgram,
  fetchHead,
  IMAP_EXTENSIONS,
  type ImapFetch,
  type ImapReply,
  type ImapSession,
  inject,
  injectable,
  NumberSet,
} from '@angarium/sdk';
import type { MessageEnvironment } from '../messages/index.js';
import type { ExtensionRegistry } from '../registry.js';
import { messageEnvironment } from '../search-provider.js';
import { Output } from '../view/index.js';
import { type Item, parseItemList } from './items.js';
import { MessageWriter } from './message-writer.js';
import { isRowsOnly, planFor } from './plan.js';
import { fetchRows } from './rows.js';

interface Program extends FetchProgram {
  readonly items: readonly Item[];
}

/** FETCH for extensions that tell of messages by themselves (NOTIFY). */
@injectable()
export class FetchProvider implements ImapFetch {
  private readonly environment: MessageEnvironment;

  constructor(@inject(IMAP_EXTENSIONS) extensions: ExtensionRegistry) {
    this.environment = messageEnvironment(extensions, undefined);
  }

  parse(line: CommandLine): FetchProgram {
    const items = parseItemList(line, this.environment);
    const program: Program = { items, count: items.length };
    return program;
  }

  async write(
    session: ImapSession,
    reply: ImapReply,
    program: FetchProgram,
    indexes: NumberSet,
  ): Promise<void> {
    const { items } = program as Program;
    const plan = planFor(session, items);
    const out = new Output(reply);
    if (isRowsOnly(plan)) await fetchRows(session.selected, indexes, plan.rows, out, fetchHead(session));
    else await new MessageWriter(session, plan, NumberSet.empty, out).run(indexes);
  }
}
