import {
  CONFIG,
  Component,
  inject,
  injectable,
  PASSWORD_GATES,
  type PasswordContext,
  type PasswordGate,
  type Registry,
  SECOND_FACTOR,
  type SecondFactor,
  type UserId,
} from '@angarium/sdk';
import type { SecondFactorConfig } from './config.js';

/** Who has a second factor comes with an application password where nobody can ask for a code. */
@injectable()
export class FactorGate extends Component implements PasswordGate {
  constructor(
    @inject(CONFIG) private readonly config: SecondFactorConfig,
    @inject(SECOND_FACTOR) private readonly factor: SecondFactor,
    @inject(PASSWORD_GATES) private readonly gates: Registry<PasswordGate>,
  ) {
    super();
  }

  override start(): void {
    if (this.config.elsewhere === 'application-passwords') this.own(this.gates.add(this));
  }

  /** Asked of the store each time, a read of one row: what one process enables holds at once in all. */
  async refuses(user: UserId, { service }: PasswordContext): Promise<string | undefined> {
    if (this.config.askedBy.includes(service)) return undefined;
    const { state } = await this.factor.status(user);
    return state === 'on'
      ? `${user} has a second factor: ${service} takes application passwords only`
      : undefined;
  }
}
