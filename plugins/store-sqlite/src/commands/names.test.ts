import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type MailboxName, personalMailbox, sharedMailbox, type UserId } from '@angarium/sdk';
import { formatMailboxName, parseMailboxName } from './names.js';

const fred = 'fred' as UserId;
const fredAtDom = 'fred@dom.example' as UserId;

const cases: readonly (readonly [text: string, name: MailboxName])[] = [
  ['user.fred', personalMailbox(fred)],
  ['user/fred', personalMailbox(fred)],
  ['user.fred.Sent.2025', personalMailbox(fred, ['Sent', '2025'])],
  ['user/fred/a.b', personalMailbox(fred, ['a.b'])],
  ['user/fred@dom.example/Sent', personalMailbox(fredAtDom, ['Sent'])],
  ['user/fred/Sent@dom.example', personalMailbox(fredAtDom, ['Sent'])],
  ['user.fred.Sent@dom.example', personalMailbox(fredAtDom, ['Sent'])],
  ['news', sharedMailbox(['news'])],
  ['news.today', sharedMailbox(['news', 'today'])],
  ['news/today@dom.example', sharedMailbox(['news', 'today'], 'dom.example')],
];

for (const [text, name] of cases) {
  test(`${text} is understood, and what is printed is understood again`, () => {
    assert.deepEqual(parseMailboxName(text), name);
    assert.deepEqual(parseMailboxName(formatMailboxName(name)), name);
  });
}

for (const text of ['', 'user', 'user.', 'user..x', 'a//b', 'user/fred@', 'a.b.']) {
  test(`"${text}" is wrong usage`, () => {
    assert.throws(() => parseMailboxName(text), { name: 'CommandError', exitStatus: 2 });
  });
}
