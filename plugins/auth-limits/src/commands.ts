/** `angarium auth blocks`, `angarium auth unblock`. */
import {
  CLOCK,
  type Clock,
  COMMANDS,
  type Command,
  CommandError,
  Component,
  defineCommand,
  inject,
  injectable,
  LOGGER,
  type Logger,
  MESSAGE_BUS,
  type MessageBus,
  RECORDS,
  type Records,
  type Registry,
} from '@angarium/sdk';
import { addressKey } from './address-key.js';
import { Blocks } from './blocks.js';

@injectable()
export class BlockCommands extends Component {
  private readonly blocks: Blocks;

  constructor(
    @inject(COMMANDS) private readonly commands: Registry<Command>,
    @inject(RECORDS) records: Records,
    @inject(MESSAGE_BUS) bus: MessageBus,
    @inject(CLOCK) clock: Clock,
    @inject(LOGGER) log: Logger,
  ) {
    super();
    this.blocks = new Blocks(records, bus, clock, log);
  }

  override start(): void {
    this.own(this.commands.add(this.list(), this.clear()));
  }

  private list(): Command {
    return defineCommand({
      name: 'auth blocks',
      summary: 'List the addresses that may not log in for a while',
      run: async () =>
        (await this.blocks.list()).map(({ address, untilMs, count }) => ({
          address,
          until: new Date(untilMs).toISOString(),
          count,
        })),
      text: (blocks) =>
        blocks.length === 0
          ? 'nobody is blocked'
          : blocks
              .map(({ address, until, count }) => `${address}  until ${until}  (block ${count} within a day)`)
              .join('\n'),
    });
  }

  private clear(): Command {
    return defineCommand({
      name: 'auth unblock',
      summary: 'Let an address log in again',
      arguments: [{ name: '[address]', summary: 'as `auth blocks` shows it, or any address of the network' }],
      options: [{ flags: '--all', summary: 'all that are blocked' }],
      run: async ({ args: [address], options }) => {
        if ((address === undefined) === (options['all'] !== true))
          throw new CommandError('an address, or --all', 2);
        const wanted = typeof address === 'string' ? address.replace(/\/64$/, '') : undefined;
        const blocks = await this.blocks.list();
        const cleared = blocks
          .map((block) => block.address)
          .filter((blocked) => wanted === undefined || blocked === addressKey(wanted));
        if (wanted !== undefined && cleared.length === 0) throw new CommandError(`${wanted} is not blocked`);
        for (const blocked of cleared) await this.blocks.clear(blocked);
        return { cleared };
      },
      text: ({ cleared }) => (cleared.length === 0 ? 'nobody was blocked' : `cleared: ${cleared.join(', ')}`),
    });
  }
}
