/** `angarium delivery trace` */
import { randomUUID } from 'node:crypto';
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
  MESSAGE_BUS,
  type MessageBus,
  type Registry,
} from '@angarium/sdk';
import { askForTraces } from './trace-question.js';
import type { DeliveryTrace } from './trace-ring.js';

@injectable()
export class DeliveryCommands extends Component {
  constructor(
    @inject(COMMANDS) private readonly commands: Registry<Command>,
    @inject(MESSAGE_BUS) private readonly bus: MessageBus,
    @inject(CLOCK) private readonly clock: Clock,
  ) {
    super();
  }

  override start(): void {
    this.own(this.commands.add(this.trace()));
  }

  private trace(): Command {
    return defineCommand({
      name: 'delivery trace',
      summary: 'Show what became of the last messages',
      options: [
        { flags: '--recipient <text>', summary: 'only addresses with this in them' },
        { flags: '--limit <n>', summary: 'how many to show', defaultValue: '20' },
      ],
      run: async ({ options, signal }) => {
        const limit = Number(options['limit'] ?? 20);
        if (!Number.isInteger(limit) || limit < 1)
          throw new CommandError('--limit must be a positive number', 2);
        const { recipient } = options;
        const question = { id: randomUUID(), limit, ...(typeof recipient === 'string' ? { recipient } : {}) };
        return askForTraces(this.bus, this.clock, question, signal);
      },
      text: (traces) => (traces.length === 0 ? 'no traces' : traces.map(textOf).join('\n')),
    });
  }
}

function textOf(trace: DeliveryTrace): string {
  const time = new Date(trace.timeMs).toISOString();
  const head = `${time} ${trace.via} ${trace.session}  <${trace.sender}> -> <${trace.recipient}>  ${trace.outcome}`;
  return [head, ...trace.lines.map(({ stage, decision }) => `    ${stage}: ${decision}`)].join('\n');
}
