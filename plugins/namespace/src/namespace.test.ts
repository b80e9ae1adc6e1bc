import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  anonymousIdentity,
  type Identity,
  type MailboxName,
  NAMESPACE,
  type NamespaceView,
  personalMailbox,
  sharedMailbox,
  type UserId,
} from '@angarium/sdk';
import { createTestKernel } from '@angarium/testing';
import fc from 'fast-check';
import type { NamespaceConfig } from './config.js';
import { CyrusNamespace } from './cyrus-namespace.js';

const classic: NamespaceConfig = {
  altnamespace: false,
  unixhierarchysep: false,
  userprefix: 'Other Users',
  sharedprefix: 'Shared Folders',
  altprefix: 'Alt Folders',
  disable_user_namespace: false,
  disable_shared_namespace: false,
};

function identity(user: string, admin: Identity['admin'] = 'none'): Identity {
  return { user: user as UserId, groups: [], admin, isAnonymous: false, mechanism: 'PLAIN' };
}

function viewOf(config: Partial<NamespaceConfig>, who: Identity): NamespaceView {
  return new CyrusNamespace({ ...classic, ...config }, undefined).view(who);
}

const own = (...path: string[]) => personalMailbox('joe' as UserId, path);
const of = (user: string, ...path: string[]) => personalMailbox(user as UserId, path);
const shared = (...path: string[]) => sharedMailbox(path);

const joe = identity('joe');
const admin = identity('admin', 'all');

interface Case {
  readonly view: NamespaceView;
  readonly shown: readonly (readonly [MailboxName, string])[];
  /** Understood beside what is shown. */
  readonly understood: readonly (readonly [string, MailboxName])[];
  readonly refused: readonly string[];
  readonly namespace: readonly (string | undefined)[];
  readonly containers: readonly string[];
}

const everywhere = [
  '',
  'a"b',
  'a%b',
  'a;b',
  'a<b',
  'a>b',
  'a\\b',
  'a`b',
  'a{b',
  'a|b',
  'a!b',
  'a\tb',
  'a\r\nb',
  'a\0b',
];

const cases: Readonly<Record<string, Case>> = {
  classic: {
    view: viewOf({}, joe),
    shown: [
      [own(), 'INBOX'],
      [own('Work', 'a.b'), 'INBOX.Work.a^b'],
      [of('fred'), 'user.fred'],
      [of('john.doe', 'x'), 'user.john^doe.x'],
      [of('fred@example.org', 'x'), 'user.fred@example^org.x'],
      [shared('news', 'comp.lang'), 'news.comp^lang'],
      [own('a@b & c', 'Übung'), 'INBOX.a@b & c.Übung'],
      [own('user'), 'INBOX.user'],
    ],
    understood: [
      ['inbox', own()],
      ['InBoX.sub', own('sub')],
      ['INBOX.', own()],
      ['user.joe.Work', own('Work')],
      ['news.', shared('news')],
      ['INBOX.U\u0308', own('Ü')],
      ['inboxes', shared('inboxes')],
    ],
    refused: [
      ...[
        'user',
        'user.',
        'user.anyone',
        'user.anonymous',
        'INBOX.INBOX',
        'inbox.inbox.x',
        'user.fred.INBOX',
      ],
      ...['a..b', '.a', 'INBOX..a', '~a', '$a', 'a/b', 'x'.repeat(491), 'INBOX.a\ud800'],
    ],
    namespace: ['INBOX.', 'user.', ''],
    containers: ['user', 'user.fred'],
  },
  'classic with /': {
    view: viewOf({ unixhierarchysep: true }, joe),
    shown: [
      [own('Work', 'a.b'), 'INBOX/Work/a.b'],
      [of('john.doe', 'x'), 'user/john.doe/x'],
      [shared('comp.lang'), 'comp.lang'],
    ],
    understood: [['INBOX/a^b', own('a.b')]],
    refused: ['user', 'a//b', '/a', 'INBOX/INBOX'],
    namespace: ['INBOX/', 'user/', ''],
    containers: ['user', 'user/fred'],
  },
  alternative: {
    view: viewOf({ altnamespace: true, unixhierarchysep: true }, joe),
    shown: [
      [own(), 'INBOX'],
      [own('Work'), 'Work'],
      [own('user', 'fred'), 'user/fred'],
      [of('fred'), 'Other Users/fred'],
      [of('fred', 'x'), 'Other Users/fred/x'],
      [shared('news'), 'Shared Folders/news'],
      [own('Other Users', 'x'), 'Alt Folders/Other Users/x'],
      [own('Alt Folders'), 'Alt Folders/Alt Folders'],
    ],
    understood: [
      ['INBOX/Work', own('Work')],
      ['Work/', own('Work')],
      ['Other Users/joe/x', own('x')],
    ],
    refused: ['Other Users', 'Shared Folders/', 'Alt Folders', 'INBOX/INBOX', 'Shared Folders/user/fred'],
    namespace: ['', 'Other Users/', 'Shared Folders/'],
    containers: ['Other Users', 'Other Users/fred', 'Shared Folders', 'Alt Folders'],
  },
  administrator: {
    view: viewOf({ altnamespace: true }, admin),
    shown: [
      [of('admin'), 'user.admin'],
      [of('joe'), 'user.joe'],
      [of('john.doe', 'x'), 'user.john^doe.x'],
      [of('joe@example.org'), 'user.joe@example.org'],
      [of('joe@example.org', 'Work'), 'user.joe.Work@example.org'],
      [sharedMailbox(['news', 'a'], 'example.org'), 'news.a@example.org'],
      [shared('news'), 'news'],
      [of('joe', 'a@b.example'), 'user.joe.a@b^example@'],
    ],
    understood: [
      ['INBOX', of('admin')],
      ['inbox.x', of('admin', 'x')],
      ['user.joe@EXAMPLE.org', of('joe@example.org')],
      ['user.joe.x.', of('joe', 'x')],
    ],
    refused: [
      'user',
      'user.',
      'user@example.org',
      'user.anyone',
      'user.joe.INBOX',
      '$x',
      '~x',
      'INBOX.inbox',
      '@',
      '@example.org',
    ],
    namespace: [undefined, 'user.', ''],
    containers: ['user', 'user.fred'],
  },
  'administrator of a domain': {
    view: viewOf({}, identity('root@example.org', ['example.org'])),
    shown: [
      [of('joe@example.org'), 'user.joe'],
      [of('joe'), 'user.joe@'],
      [of('joe@example.net'), 'user.joe@example.net'],
      [of('joe@example.org', 'a@b'), 'user.joe.a@b@example.org'],
    ],
    understood: [['INBOX', of('root@example.org')]],
    refused: ['user'],
    namespace: [undefined, 'user.', ''],
    containers: ['user'],
  },
  'user of a domain': {
    view: viewOf({}, identity('jane@example.org')),
    shown: [
      [of('jane@example.org', 'x'), 'INBOX.x'],
      [of('joe@example.org'), 'user.joe'],
      [of('joe@example.net'), 'user.joe@example^net'],
      [of('joe'), 'user.joe@'],
      [sharedMailbox(['news'], 'example.org'), 'news'],
    ],
    understood: [],
    refused: [],
    namespace: ['INBOX.', 'user.', ''],
    containers: [],
  },
  anonymous: {
    view: viewOf({ altnamespace: true }, anonymousIdentity),
    shown: [[shared('news'), 'Shared Folders.news']],
    understood: [],
    refused: ['INBOX', 'x'],
    namespace: [undefined, 'Other Users.', 'Shared Folders.'],
    containers: [],
  },
};

for (const [name, { view, shown, understood, refused, namespace, containers }] of Object.entries(cases)) {
  test(`${name}: what is shown comes back`, () => {
    for (const [mailbox, text] of shown) {
      assert.equal(view.toClient(mailbox), text);
      assert.deepEqual(view.fromClient(text), mailbox, text);
    }
  });
  test(`${name}: what else is understood`, () => {
    for (const [text, mailbox] of understood) assert.deepEqual(view.fromClient(text), mailbox, text);
  });
  test(`${name}: what is no name`, () => {
    for (const text of [...everywhere, ...refused]) {
      assert.throws(() => view.fromClient(text), { code: 'CANNOT' }, JSON.stringify(text));
    }
  });
  test(`${name}: prefixes and containers`, () => {
    assert.deepEqual([view.personal, view.otherUsers, view.shared], namespace);
    for (const text of containers) assert.ok(view.isContainer(text), text);
    for (const text of ['INBOX', 'INBOX.x', 'Work', 'user.fred.x', 'user/fred/x'])
      assert.ok(!view.isContainer(text));
  });
}

const level = fc
  .string({
    unit: fc.oneof(
      fc.constantFrom('.', '@', 'a', 'B', ' ', '~', '$', '&', '*'),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
    ),
    minLength: 1,
    maxLength: 8,
  })
  .map((text) => text.normalize('NFC'))
  .filter(
    (text) => !/[!"%/;<>\\^`{|}\p{Cc}\p{Cs}\p{Zl}\p{Zp}\ufffe\uffff]/u.test(text) && !/^inbox$/i.test(text),
  );
const prefixed = fc.oneof(level, fc.constantFrom('Other Users', 'Shared Folders', 'Alt Folders', 'user'));
const path = fc.array(prefixed, { maxLength: 4 });
const local = fc
  .stringMatching(/^[a-z][a-z.+_'-]{0,6}$/)
  .filter((text) => !/^(anyone|anonymous)$/.test(text));
const domain = fc.option(fc.constantFrom('example.org', 'example.net', 'bücher.example'), { nil: undefined });
const personal = fc
  .tuple(local, domain, path)
  .map(([owner, at, levels]) =>
    personalMailbox((at === undefined ? owner : `${owner}@${at}`) as UserId, levels),
  );
const sharedPath = fc
  .array(prefixed, { minLength: 1, maxLength: 4 })
  .filter(([top = '']) => !/^([~$]|user$)/.test(top));

test('every name comes back from every view that can show it', () => {
  const viewers = [joe, admin, identity('jane@example.org'), identity('root@example.org', ['example.org'])];
  const options = [false, true].flatMap((altnamespace) =>
    [false, true].map((unixhierarchysep) => ({ altnamespace, unixhierarchysep })),
  );
  const views = viewers.flatMap((who) => options.map((option) => ({ who, view: viewOf(option, who) })));
  fc.assert(
    fc.property(personal, sharedPath, domain, (mailbox, levels, at) => {
      for (const { who, view } of views) {
        assert.deepEqual(view.fromClient(view.toClient(mailbox)), mailbox);
        const isOwnDomain = (at ?? '') === (who.user.split('@')[1] ?? '');
        if (who.admin === 'none' && !isOwnDomain) continue;
        const common = sharedMailbox(levels, at);
        assert.deepEqual(view.fromClient(view.toClient(common)), common);
      }
    }),
    { numRuns: 300 },
  );
});

test('what is understood is shown in one way, and understood again', () => {
  const text = fc.string({
    unit: fc.constantFrom('.', '/', '@', '^', 'a', 'user', 'INBOX', 'Other Users', '~', ' '),
    maxLength: 8,
  });
  fc.assert(
    fc.property(text, (typed) => {
      for (const { view } of Object.values(cases)) {
        let mailbox: MailboxName;
        try {
          mailbox = view.fromClient(typed);
        } catch (error) {
          assert.equal((error as { code?: string }).code, 'CANNOT');
          continue;
        }
        assert.deepEqual(view.fromClient(view.toClient(mailbox)), mailbox, typed);
      }
    }),
    { numRuns: 2000 },
  );
});

test('prefixes that cannot be told apart are an error at start', async () => {
  for (const config of [{ sharedprefix: 'Other Users' }, { userprefix: 'a.b' }, { altprefix: 'a%' }]) {
    const plugins = [{ name: 'namespace', config: { altnamespace: true, ...config } }];
    await assert.rejects(createTestKernel({ plugins }));
  }
  await using kernel = await createTestKernel({ plugins: ['namespace'] });
  assert.equal(kernel.get(NAMESPACE).view(joe).separator, '.');
});

test('hidden namespaces are in no list and in no NAMESPACE reply, and can be reached by name', () => {
  for (const altnamespace of [false, true]) {
    const hiding = { altnamespace, disable_user_namespace: true, disable_shared_namespace: true };
    const view = viewOf(hiding, joe);
    assert.deepEqual([view.otherUsers, view.shared], [undefined, undefined]);
    const listed = [own(), own('a'), of('fred'), of('joe@example.org'), shared('news')];
    assert.deepEqual(
      listed.map((name) => view.isListed?.(name)),
      [true, true, false, false, false],
    );
    for (const name of listed) assert.deepEqual(view.fromClient(view.toClient(name)), name);
    assert.equal(viewOf(hiding, admin).isListed, undefined, 'administrators see everything');
    assert.equal(viewOf({ altnamespace, disable_shared_namespace: true }, joe).isListed?.(of('fred')), true);
  }
});
