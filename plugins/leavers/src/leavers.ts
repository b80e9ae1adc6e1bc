import {
  ACCOUNTS,
  type Accounts,
  CLOCK,
  type Clock,
  COMMANDS,
  CONFIG,
  type Command,
  type CommandContext,
  CommandError,
  Component,
  defineCommand,
  inject,
  injectable,
  JOBS,
  type Job,
  LOGGER,
  type Logger,
  RECORDS,
  type Records,
  type Registry,
  USER_BELONGINGS,
  type UserBelongings,
  type UserId,
} from '@angarium/sdk';
import type { LeaversConfig } from './config.js';
import { type Leaver, LeaverRegister } from './register.js';

const DAY_MS = 24 * 3600_000;

interface LeaversResult {
  readonly leavers: readonly Leaver[];
  readonly removed: readonly UserId[];
}

/** The job, and `angarium users leavers [USER] [--remove]`. */
@injectable()
export class Leavers extends Component {
  private readonly register: LeaverRegister;

  constructor(
    @inject(CONFIG) private readonly config: LeaversConfig,
    @inject(ACCOUNTS) private readonly accounts: Accounts,
    @inject(RECORDS) records: Records,
    @inject(CLOCK) private readonly clock: Clock,
    @inject(LOGGER) private readonly log: Logger,
    @inject(USER_BELONGINGS) belongings: Registry<UserBelongings>,
    @inject(JOBS) private readonly jobs: Registry<Job>,
    @inject(COMMANDS) private readonly commands: Registry<Command>,
  ) {
    super();
    this.register = new LeaverRegister(accounts, belongings, records.space('leavers'));
  }

  override start(): void {
    const { at } = this.config;
    this.own(this.jobs.add({ name: 'leavers', schedule: { at }, run: (signal) => this.sweep(signal) }));
    this.own(this.commands.add(this.command()));
  }

  private async sweep(signal: AbortSignal): Promise<void> {
    const nowMs = this.clock.now();
    const leavers = await this.register.find(signal);
    await this.register.note(leavers, nowMs);
    for (const { user, kept, reason, sinceMs = nowMs } of leavers) {
      signal.throwIfAborted();
      if (reason !== 'no-account' || nowMs - sinceMs < this.config.days * DAY_MS) continue;
      await this.register.remove(user);
      this.log.info('a user has left, what was kept for him is removed', { user, kept });
    }
  }

  private command(): Command {
    return defineCommand<LeaversResult>({
      name: 'users leavers',
      summary: 'Show and remove what is kept for users who have left',
      arguments: [{ name: '[user]', summary: 'user id; without it all' }],
      options: [{ flags: '--remove', summary: 'remove it now, whatever the days of the manifest' }],
      run: (context) => this.run(context),
      text: ({ leavers, removed }) =>
        leavers.length === 0
          ? 'nothing is kept for users who have left'
          : leavers.map((leaver) => lineOf(leaver, removed.includes(leaver.user))).join('\n'),
    });
  }

  private async run({ args, options, signal }: CommandContext): Promise<LeaversResult> {
    const wanted = args[0] === undefined ? undefined : this.accounts.normalise(String(args[0]));
    const all = await this.register.find(signal);
    const leavers = all.filter(({ user }) => wanted === undefined || user === wanted);
    if (wanted !== undefined && leavers.length === 0) {
      throw new CommandError(`${wanted} has not left, or nothing is kept`);
    }
    if (options['remove'] !== true) return { leavers, removed: [] };
    for (const { user } of leavers) await this.register.remove(user);
    return { leavers, removed: leavers.map(({ user }) => user) };
  }
}

function lineOf({ user, kept, reason, sinceMs }: Leaver, isRemoved: boolean): string {
  const since = sinceMs === undefined ? '' : ` since ${new Date(sinceMs).toISOString().slice(0, 10)}`;
  const why = reason === 'no-account' ? `no account${since}` : 'another account has the name now';
  return `${user}  ${why}  ${isRemoved ? 'removed: ' : ''}${kept.join(', ')}`;
}
