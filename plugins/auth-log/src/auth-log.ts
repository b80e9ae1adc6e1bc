import { resolve } from 'node:path';
import {
  type AuthAttempt,
  CLOCK,
  type Clock,
  CONFIG,
  Component,
  HOOKS,
  HOST,
  type HookBus,
  type Host,
  inject,
  injectable,
  LOGGER,
  type Logger,
} from '@angarium/sdk';
import { AppendingFile } from './appending-file.js';
import type { AuthLogConfig } from './config.js';

/** One line a login. */
@injectable()
export class AuthLog extends Component {
  private readonly file: AppendingFile;
  private isBroken = false;

  constructor(
    @inject(CONFIG) private readonly config: AuthLogConfig,
    @inject(HOST) private readonly host: Host,
    @inject(HOOKS) private readonly hooks: HookBus,
    @inject(CLOCK) private readonly clock: Clock,
    @inject(LOGGER) private readonly log: Logger,
  ) {
    super();
    const path = resolve(host.dataDir, config.file);
    this.file = new AppendingFile(
      path,
      () => clock.monotonicMs(),
      (text, err) => this.complain(text, err),
    );
    this.own(this.file);
  }

  override start(): void {
    this.own(
      this.hooks.tap('auth.failed', (attempt, reason, isWrong) =>
        this.write(isWrong ? 'failed' : 'refused', attempt, { user: attempt.user, reason }),
      ),
    );
    if (!this.config.successes) return;
    this.own(
      this.hooks.tap('auth.succeeded', (attempt, { user, actingFor }) =>
        this.write('ok', attempt, { user, ...(actingFor === undefined ? {} : { actingFor }) }),
      ),
    );
  }

  private write(
    outcome: 'ok' | 'failed' | 'refused',
    { service, mechanism, remoteAddress, isSecured, session }: AuthAttempt,
    who: Readonly<Record<string, unknown>>,
  ): void {
    const time = new Date(this.clock.now()).toISOString();
    const where = { service, mechanism, address: remoteAddress, tls: isSecured, session };
    this.file.append(JSON.stringify({ time, outcome, ...who, ...where, worker: this.host.workerId }));
  }

  /** Once: a full disk is no reason to fill the server's log as well. */
  private complain(text: string, err: unknown): void {
    if (this.isBroken) return;
    this.isBroken = true;
    this.log.error(text, { file: this.config.file, err });
  }
}
