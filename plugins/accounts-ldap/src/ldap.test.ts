import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MailError, type UserId } from '@angarium/sdk';
import { RecordingLogger } from '@angarium/testing';
import fc from 'fast-check';
import { type Entry, FilterParser, NoSuchObjectError } from 'ldapts';
import type { LdapConfig } from './config.js';
import { LdapDirectory } from './directory.js';
import { firstOf, groupNameOf, isDisabled, valuesOf } from './entries.js';
import { escapeFilterValue, fillFilter, filterOfAll } from './filter.js';
import type { SearchRequest } from './servers.js';

const config: LdapConfig = {
  urls: ['ldap://127.0.0.1'],
  startTls: false,
  base: 'ou=people',
  scope: 'sub',
  filter: '(uid=%n)',
  userAttribute: 'uid',
  domain: '',
  nameAttribute: 'cn',
  idAttribute: 'entryUUID',
  attributes: { mail: 'mail' },
  timeoutSeconds: 1,
  maxBinds: 1,
  cacheSeconds: 0,
};

function directory(entries: readonly Entry[], changes: Partial<LdapConfig> = {}) {
  const asked: SearchRequest[] = [];
  const log = new RecordingLogger();
  const servers = {
    async search(request: SearchRequest) {
      asked.push(request);
      if (request.base === 'ou=nowhere') throw new NoSuchObjectError();
      return request.base === 'ou=groups' ? [{ dn: 'cn=staff,ou=groups', cn: 'staff' }] : entries;
    },
    bindAs: async (dn: string, password: string) => dn === 'uid=fred' && password === 'secret',
  };
  const normalise = (name: string) => {
    if (name.includes('/')) throw new MailError('CANNOT', 'no name');
    return name.toLowerCase() as UserId;
  };
  return { directory: new LdapDirectory(servers, { ...config, ...changes }, log, normalise), asked, log };
}

const fred: Entry = { dn: 'uid=fred', uid: 'fred', cn: ['Fred', 'Freddy'], Mail: 'fred@example.org' };
const user = 'fred' as UserId;

test('what stands in a value is a value (RFC 4515 §3)', () => {
  assert.equal(escapeFilterValue('*)(uid=*\\\0'), '\\2a\\29\\28uid=\\2a\\5c\\00');
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1 }), (name) => {
      const filter = FilterParser.parseString(fillFilter('(&(objectClass=person)(uid=%n))', name as UserId));
      assert.equal(Object.getPrototypeOf(filter).constructor.name, 'AndFilter');
    }),
  );
});

test('placeholders', () => {
  assert.equal(
    fillFilter('%u %n %d %D %%', 'fred@example.org' as UserId, 'cn=a(b)'),
    'fred@example.org fred example.org cn=a\\28b\\29 %',
  );
  assert.equal(fillFilter('(a=%d)', user), '(a=)');
  assert.equal(filterOfAll('(&(a=b)(mail=%n@%d)(c=50%%))'), '(&(a=b)(mail=*@*)(c=50%))');
});

test('an entry is an account', async () => {
  const disabled = { attribute: 'cn', values: ['FRED'] };
  const it = directory([fred], {
    disabled,
    groups: { base: 'ou=groups', filter: '(member=%D)', nameAttribute: 'cn' },
  });
  assert.deepEqual(await it.directory.find(user), {
    user,
    displayName: 'Fred',
    groups: ['staff'],
    isDisabled: true,
    attributes: { mail: 'fred@example.org' },
  });
  assert.deepEqual(
    it.asked.map(({ filter }) => filter),
    ['(uid=fred)', '(member=uid=fred)'],
  );
});

test('passwords are proven by a bind', async () => {
  const it = directory([fred]);
  assert.equal(await it.directory.verify(user, 'secret'), 'right');
  assert.equal(await it.directory.verify(user, 'wrong'), 'wrong');
  assert.equal(await directory([]).directory.verify(user, 'secret'), 'unknown');
});

test("an entry's UUID tells it from a later one of the same name", async () => {
  const uuid = '6c8a3b02-0000-1000-8000-1b1b1b1b1b1b';
  const it = directory([{ ...fred, entryUUID: uuid }]);
  assert.equal((await it.directory.find(user))?.incarnation, uuid);
  assert.ok(it.asked[0]?.attributes.includes('entryUUID'));
  const without = directory([{ ...fred, entryUUID: uuid }], { idAttribute: '' });
  assert.ok(!('incarnation' in (await without.directory.find(user))!));
});

test('several entries are nobody, and told; a base that is not there has nobody', async () => {
  const it = directory([fred, fred]);
  assert.equal(await it.directory.verify(user, 'secret'), 'unknown');
  assert.equal(it.log.lines[0]?.text, 'several entries of the directory are one user');
  assert.equal(await directory([fred], { base: 'ou=nowhere' }).directory.find(user), undefined);
});

test('only users of the domain are asked for', async () => {
  const ours = directory([fred], { domain: 'example.org' });
  assert.equal(await ours.directory.find(user), undefined);
  assert.equal(await ours.directory.find('fred@example.net' as UserId), undefined);
  assert.equal(ours.asked.length, 0);
  assert.ok(await ours.directory.find('fred@example.org' as UserId));
  const none = directory([fred]);
  assert.equal(await none.directory.find('fred@example.org' as UserId), undefined);
  const any = directory([fred], { filter: '(mail=%u)' });
  assert.ok(await any.directory.find('fred@example.org' as UserId));
});

test('a list is sorted, cut, and without what can be no user', async () => {
  const entries = ['wilma', 'Barney', 'no/name', 'fred'].map((uid) => ({ dn: `uid=${uid}`, uid }));
  const it = directory(entries, { domain: 'example.org' });
  const users = async (query: { after?: string; limit: number }) =>
    (await it.directory.list(query)).map((account) => account.user);
  assert.deepEqual(await users({ limit: 2 }), ['barney@example.org', 'fred@example.org']);
  assert.deepEqual(await users({ after: 'fred@example.org', limit: 2 }), ['wilma@example.org']);
  assert.deepEqual(await it.directory.list({ domain: 'example.net', limit: 2 }), []);
});

test('attributes are without case, octets are text', () => {
  const entry: Entry = { dn: 'x', givenName: [Buffer.from('Jürgen'), Buffer.from('J')], empty: [''] };
  assert.deepEqual(valuesOf(entry, 'GIVENNAME'), ['Jürgen', 'J']);
  assert.deepEqual(valuesOf(entry, 'dn'), []);
  assert.equal(firstOf(entry, 'empty'), undefined);
});

test('names of groups', () => {
  assert.equal(groupNameOf('cn=staff,ou=groups,dc=x'), 'staff');
  assert.equal(groupNameOf('CN=a\\,b\\2c c\\c3\\bc,DC=x'), 'a,b, cü');
  assert.equal(groupNameOf('staff'), 'staff');
});

test('disabled by a bit or a value', () => {
  const entry: Entry = { dn: 'x', userAccountControl: '514', lock: 'TRUE' };
  assert.ok(isDisabled(entry, { attribute: 'userAccountControl', bit: 2 }));
  assert.ok(!isDisabled(entry, { attribute: 'userAccountControl', bit: 16 }));
  assert.ok(isDisabled(entry, { attribute: 'lock', values: ['true'] }));
  assert.ok(!isDisabled(entry, { attribute: 'absent', values: ['true'], bit: 1 }));
  assert.ok(!isDisabled(entry, undefined));
});
