/** This plugin in a kernel, with accounts that it does not know the source of. */
import {
  ACCOUNT_SOURCES,
  type AccountSource,
  APP_PASSWORD_CHECKS,
  APP_PASSWORDS,
  type Clock,
  COMMANDS,
  type CommandContext,
  definePlugin,
  inject,
  injectable,
  part,
  type Registry,
  type UserId,
} from '@angarium/sdk';
import { createTestKernel, memoryStore } from '@angarium/testing';

export interface SetUpOptions {
  readonly config?: Record<string, unknown>;
  readonly clock?: Clock;
  /** user → incarnation. */
  readonly people?: Map<string, string | undefined>;
}

export async function setUp({
  config = {},
  clock,
  people = new Map([['fred', undefined]]),
}: SetUpOptions = {}) {
  @injectable()
  class People {
    constructor(@inject(ACCOUNT_SOURCES) sources: Registry<AccountSource>) {
      sources.add({
        name: 'people',
        async find(user) {
          if (!people.has(user)) return undefined;
          const incarnation = people.get(user);
          const account = { user, displayName: undefined, groups: [], isDisabled: false, attributes: {} };
          return incarnation === undefined ? account : { ...account, incarnation };
        },
      });
    }
  }
  const kernel = await createTestKernel({
    plugins: [
      memoryStore,
      'authentication',
      { name: 'people', definition: definePlugin({ parts: [part(People)] }) },
      { name: 'app-passwords', config },
    ],
    ...(clock && { clock }),
  });
  const verify = (user: string, password: string, service = 'imap') =>
    kernel
      .get(APP_PASSWORD_CHECKS)
      .items[0]!.verify(user as UserId, password, { service, remoteAddress: '127.0.0.1' });
  const run = async (args: (string | undefined)[], options: CommandContext['options'] = {}) => {
    const command = kernel.get(COMMANDS).items.find(({ name }) => name === 'users app-password')!;
    return command.text(await command.run({ args, options } as unknown as CommandContext));
  };
  return {
    kernel,
    people,
    appPasswords: kernel.get(APP_PASSWORDS),
    verify,
    run,
    [Symbol.asyncDispose]: () => kernel[Symbol.asyncDispose](),
  };
}
