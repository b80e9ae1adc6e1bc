/** `angarium users totp enable|confirm|disable|status|recovery-codes USER` */
import {
  ACCOUNTS,
  type Accounts,
  COMMANDS,
  type Command,
  type CommandContext,
  CommandError,
  Component,
  defineCommand,
  inject,
  injectable,
  type Registry,
  SECOND_FACTOR,
  type SecondFactor,
  type SecondFactorStatus,
  type UserId,
} from '@angarium/sdk';

type TotpResult =
  | { readonly user: UserId; readonly secret: string; readonly uri: string }
  | { readonly user: UserId; readonly recoveryCodes: readonly string[]; readonly isNew: boolean }
  | { readonly user: UserId; readonly isDisabled: true }
  | ({ readonly user: UserId } & SecondFactorStatus);

@injectable()
export class TotpCommand extends Component {
  constructor(
    @inject(COMMANDS) private readonly commands: Registry<Command>,
    @inject(ACCOUNTS) private readonly accounts: Accounts,
    @inject(SECOND_FACTOR) private readonly factor: SecondFactor,
  ) {
    super();
  }

  override start(): void {
    this.own(this.commands.add(this.totp()));
  }

  private totp(): Command {
    return defineCommand<TotpResult>({
      name: 'users totp',
      summary: 'Enable, disable and show a second factor',
      arguments: [
        { name: '<action>', summary: 'enable, confirm, disable, status or recovery-codes' },
        { name: '<user>', summary: 'user id: fred, or fred@example.org' },
        { name: '[code]', summary: 'confirm: the code that the device shows' },
      ],
      run: (context) => this.run(context),
      text: textOf,
    });
  }

  private async run(context: CommandContext): Promise<TotpResult> {
    const [action, name, code] = context.args;
    const user = this.accounts.normalise(String(name));
    switch (action) {
      case 'enable':
        return this.enable(user, context);
      case 'confirm':
        if (typeof code !== 'string') throw new CommandError('say which code the device shows', 2);
        return this.confirm(user, code);
      case 'disable':
        await this.factor.disable(user);
        return { user, isDisabled: true };
      case 'status':
        return { user, ...(await this.factor.status(user)) };
      case 'recovery-codes':
        return { user, recoveryCodes: await this.factor.renewRecoveryCodes(user), isNew: false };
      default:
        throw new CommandError('say enable, confirm, disable, status or recovery-codes', 2);
    }
  }

  /** On a terminal the first code is asked for at once. */
  private async enable(user: UserId, context: CommandContext): Promise<TotpResult> {
    const enrolled = { user, ...(await this.factor.enrol(user)) };
    if (!context.isInteractive) return enrolled;
    context.note(`secret: ${enrolled.secret}\n${enrolled.uri}`);
    return this.confirm(user, await context.askSecret('Code that the device shows now: '));
  }

  private async confirm(user: UserId, code: string): Promise<TotpResult> {
    const recoveryCodes = await this.factor.confirm(user, code);
    if (recoveryCodes === undefined) throw new CommandError('this is no code of the device now');
    return { user, recoveryCodes, isNew: true };
  }
}

function textOf(result: TotpResult): string {
  if ('secret' in result) {
    return [
      `secret: ${result.secret}`,
      result.uri,
      `Not on yet. Let an authenticator have the secret, then: angarium users totp confirm ${result.user} CODE`,
    ].join('\n');
  }
  if ('recoveryCodes' in result) {
    const head = result.isNew ? `The second factor of ${result.user} is on. ` : '';
    return `${head}Recovery codes, each good for one login, shown once:\n${result.recoveryCodes.join('\n')}`;
  }
  if ('isDisabled' in result) return `${result.user} has no second factor now`;
  return statusText(result);
}

function statusText({
  user,
  state,
  sinceMs,
  recoveryCodesLeft,
  blockedUntilMs,
}: { user: UserId } & SecondFactorStatus) {
  if (state === 'off') return `${user}: off`;
  if (state === 'pending') return `${user}: a secret waits for its first code`;
  const since = sinceMs === undefined ? '' : ` since ${new Date(sinceMs).toISOString().slice(0, 10)}`;
  const blocked =
    blockedUntilMs === undefined ? '' : `, no codes before ${new Date(blockedUntilMs).toISOString()}`;
  return `${user}: on${since}, ${recoveryCodesLeft} recovery codes left${blocked}`;
}
