/** Stand-ins for plugins that a test does not want to have: who there is, who may what, who hands a message over. */
import type { PluginSource } from '@angarium/core';
import {
  ACCESS_POLICY,
  ACCOUNTS,
  type AccessPolicy,
  type Account,
  type Accounts,
  anonymousIdentity,
  type DeliveryEnvelope,
  definePlugin,
  HOOKS,
  type HookBus,
  ownerPolicy,
  provide,
  rightsFromLetters,
  starting,
  type UserId,
} from '@angarium/sdk';

/**
 * ACCOUNTS without a source behind.
 * @param find what is special about a user; undefined: there is none. @param normalise default: lower case
 */
export function accountsOf(
  find: (user: UserId) => Partial<Account> | undefined,
  normalise = (text: string) => text.toLowerCase() as UserId,
): PluginSource {
  class FakeAccounts implements Accounts {
    normalise = normalise;

    async find(user: UserId): Promise<Account | undefined> {
      const found = find(user);
      if (found === undefined) return undefined;
      return { user, displayName: undefined, groups: [], isDisabled: false, attributes: {}, ...found };
    }

    async list(): Promise<readonly Account[]> {
      return [];
    }
  }
  return {
    name: 'test-accounts',
    manifest: { provides: ['accounts@1'] },
    definition: definePlugin({ provides: [provide(ACCOUNTS, FakeAccounts)] }),
  };
}

/** ACCESS_POLICY of ACL entries as letters (the user's own, else those of `anyone`); where there are none, the owner's rights. */
class LetterPolicy implements AccessPolicy {
  readonly mayCreate = ownerPolicy.mayCreate;

  rights(...[identity, mailbox]: Parameters<AccessPolicy['rights']>): number {
    const letters = mailbox.acl[identity.user] ?? mailbox.acl['anyone'];
    return letters === undefined ? ownerPolicy.rights(identity, mailbox) : rightsFromLetters(letters);
  }

  initialAcl(): Readonly<Record<string, string>> {
    return {};
  }
}

export const letterPolicy: PluginSource = {
  name: 'test-letters',
  manifest: { provides: ['access-policy@1'] },
  definition: definePlugin({ provides: [provide(ACCESS_POLICY, LetterPolicy)] }),
};

/** What an MTA says of a message that anybody has sent. */
export const testEnvelope: DeliveryEnvelope = {
  sender: 'sender@example.com',
  identity: anonymousIdentity,
  via: 'lmtp',
  session: 's1',
  remoteAddress: '127.0.0.1',
  isUtf8: false,
  parameters: {},
};

/** A plugin that lends its hooks to the test: of the kernel that was started last. */
export class HookProbe implements PluginSource {
  readonly name = 'test-hooks';
  readonly definition = definePlugin({ parts: [starting([HOOKS], (hooks) => void (this.bus = hooks))] });
  private bus: HookBus | undefined;

  get hooks(): HookBus {
    if (this.bus === undefined) throw new Error('no kernel with this probe has started');
    return this.bus;
  }
}
