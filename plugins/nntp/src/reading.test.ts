import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NumberSet, noFlags, sharedMailbox } from '@angarium/sdk';
import { article, setUp } from './server.test.support.js';

async function threeArticles() {
  const it = await setUp();
  await it.group('misc.test');
  await it.group('comp.test');
  const client = await it.reader();
  for (const n of [1, 2, 3]) {
    const newsgroups = n === 2 ? 'misc.test,comp.test' : 'misc.test';
    const reply = await client.offer(
      'POST',
      article({
        'Message-ID': `<${n}@x>`,
        Newsgroups: newsgroups,
        Subject: `subject\t${n}`,
        'X-Odd': `odd ${n}`,
        ...(n === 3 ? { References: '<1@x> <2@x>' } : {}),
      }),
    );
    assert.match(reply, /^240 /);
  }
  return { it, client };
}

test('RFC 3977 §6.1: GROUP, LISTGROUP, NEXT, LAST', async () => {
  const { it, client } = await threeArticles();
  await using _it = it;
  assert.match(await client.command('NEXT'), /^412 /);
  assert.match(await client.command('GROUP no.such'), /^411 /);
  assert.equal(await client.command('GROUP misc.test'), '211 3 1 3 misc.test');
  assert.equal(await client.command('STAT'), '223 1 <1@x>');
  assert.match(await client.command('LAST'), /^422 /);
  assert.equal(await client.command('NEXT'), '223 2 <2@x>');
  assert.equal(await client.command('NEXT'), '223 3 <3@x>');
  assert.match(await client.command('NEXT'), /^421 /);
  assert.equal(await client.command('LAST'), '223 2 <2@x>');
  assert.deepEqual(await client.list('LISTGROUP', 211), ['1', '2', '3']);
  assert.deepEqual(await client.list('LISTGROUP misc.test 2-', 211), ['2', '3']);
  assert.deepEqual(await client.list('LISTGROUP misc.test 3-2', 211), []);
  assert.equal(await client.command('STAT'), '223 1 <1@x>');
  // An article that goes leaves a gap; the current one is gone, and its neighbours are found all the same.
  const entry = (await it.store.catalogue.find(sharedMailbox(['news', 'misc', 'test'])))!;
  assert.equal(await client.command('NEXT'), '223 2 <2@x>');
  await it.store.mailbox(entry.id).expunge(NumberSet.of(2), { onlyDeleted: false });
  assert.match(await client.command('STAT'), /^420 /);
  assert.match(await client.command('STAT 2'), /^423 /);
  assert.equal(await client.command('NEXT'), '223 3 <3@x>');
  assert.equal(await client.command('LAST'), '223 1 <1@x>');
  assert.deepEqual(await client.list('LIST ACTIVE misc.*', 215), ['misc.test 3 1 y']);
});

test('RFC 3977 §6.2: ARTICLE, HEAD, BODY, STAT by number and by message-id', async () => {
  const { it, client } = await threeArticles();
  await using _it = it;
  const lines = await client.list('ARTICLE <2@x>', 220);
  const blank = lines.indexOf('');
  assert.deepEqual(lines.slice(blank + 1), ['Hello.', '.dot']);
  const head = lines.slice(0, blank);
  assert.ok(
    head.includes('Xref: mail.test.example misc.test:2 comp.test:1') || head[0]!.startsWith('Xref: '),
  );
  assert.match(head[0]!, /^Xref: \S+ (misc\.test:2 comp\.test:1|comp\.test:1 misc\.test:2)$/);
  assert.ok(head.includes('Newsgroups: misc.test,comp.test'));
  assert.equal(head.filter((line) => /^Path: /.test(line)).length, 1);
  assert.deepEqual(await client.list('HEAD <2@x>', 221), head);
  assert.deepEqual(await client.list('BODY <2@x>', 222), ['Hello.', '.dot']);
  assert.match(await client.command('STAT <2@x>'), /^223 0 <2@x>$/);
  assert.match(await client.command('ARTICLE <9@x>'), /^430 /);
  assert.match(await client.command('ARTICLE 1'), /^412 /);
  await client.command('GROUP comp.test');
  assert.deepEqual(await client.list('BODY 1', 222), ['Hello.', '.dot']);
  assert.match(await client.command('HEAD 2'), /^423 /);
  for (const bad of ['ARTICLE x', 'ARTICLE <a b>', 'ARTICLE 1-2', 'STAT 1 2', 'GROUP', 'LISTGROUP a b c']) {
    assert.match(await client.command(bad), /^501 /, bad);
  }
});

test('RFC 3977 §8: OVER and HDR, RFC 2980: XOVER, XHDR, XPAT', async () => {
  const { it, client } = await threeArticles();
  await using _it = it;
  assert.match(await client.command('OVER 1-2'), /^412 /);
  await client.command('GROUP misc.test');
  const over = await client.list('OVER 1-', 224);
  assert.equal(over.length, 3);
  const fields = over[2]!.split('\t');
  assert.equal(fields.length, 9);
  assert.deepEqual(
    [fields[0], fields[1], fields[2], fields[4], fields[5]],
    ['3', 'subject 3', 'Fred <fred@example.org>', '<3@x>', '<1@x> <2@x>'],
  );
  const whole = (await client.list('ARTICLE 3', 220)).filter((line) => !line.startsWith('Xref:'));
  assert.equal(Number(fields[6]), whole.join('\r\n').length + 2);
  assert.equal(fields[7], '2');
  assert.match(fields[8]!, /^Xref: \S+ misc\.test:3$/);
  assert.match(over[1]!.split('\t')[8]!, /comp\.test:1/);
  assert.deepEqual(await client.list('XOVER 1-', 224), over);
  assert.deepEqual(await client.list('OVER', 224), [over[2]]);
  assert.deepEqual(await client.list('OVER <3@x>', 224), [over[2]!.replace(/^3/, '0')]);
  assert.match(await client.command('OVER 9-'), /^423 /);
  assert.match(await client.command('OVER <9@x>'), /^430 /);
  assert.deepEqual(await client.list('HDR X-Odd 2-', 225), ['2 odd 2', '3 odd 3']);
  assert.deepEqual(await client.list('HDR References 2-3', 225), ['2 ', '3 <1@x> <2@x>']);
  assert.deepEqual(await client.list('HDR :lines 1', 225), ['1 2']);
  assert.deepEqual(await client.list('HDR subject <2@x>', 225), ['0 subject 2']);
  assert.match(await client.command('HDR :none 1'), /^503 /);
  assert.deepEqual(await client.list('XHDR References 2-3', 221), ['2 (none)', '3 <1@x> <2@x>']);
  assert.deepEqual(await client.list('XPAT Subject 1- *2 nothing', 221), ['2 subject 2']);
  assert.deepEqual(await client.list('XPAT X-Odd 1- odd*', 221), ['1 odd 1', '2 odd 2', '3 odd 3']);
  assert.deepEqual(await client.list('LIST OVERVIEW.FMT', 215), [
    'Subject:',
    'From:',
    'Date:',
    'Message-ID:',
    'References:',
    ':bytes',
    ':lines',
    'Xref:full',
  ]);
});

test('LIST and its keywords', async () => {
  const config = {
    motd: 'Welcome.\n.Be nice',
    subscriptions: ['misc.test', 'comp.test'],
    moderators: [{ groups: 'mod.*', address: 'mod+%s@example.org' }],
    distributions: { world: 'Everywhere' },
    distribPats: [{ weight: 10, groups: 'local.*', value: 'local' }],
    allownewnews: true,
  };
  await using it = await setUp({ config });
  for (const name of ['misc.test', 'mod.test', 'comp.test']) await it.group(name);
  const quiet = await it.group('quiet', { anyone: 'lr' });
  await it.group('secret', { wilma: 'lr' });
  await it.group('blind', { anyone: 'r' });
  await it.store.catalogue.setMetadata(
    quiet.id,
    undefined,
    new Map([['/shared/comment', Buffer.from('Hush\t!')]]),
  );
  const client = await it.reader();
  assert.match(await client.offer('POST', article({ 'Message-ID': '<1@x>' })), /^240/);
  const active = ['comp.test 0 1 y', 'misc.test 1 1 y', 'mod.test 0 1 m', 'quiet 0 1 n'];
  assert.deepEqual((await client.list('LIST', 215)).sort(), active);
  assert.deepEqual((await client.list('list active', 215)).sort(), active);
  assert.deepEqual(await client.list('LIST ACTIVE *.test,!mod.*,!comp.*', 215), ['misc.test 1 1 y']);
  assert.deepEqual(await client.list('LIST COUNTS misc.*', 215), ['misc.test 1 1 1 y']);
  assert.match((await client.list('LIST ACTIVE.TIMES misc.*', 215))[0]!, /^misc\.test \d+ news$/);
  assert.deepEqual(await client.list('LIST NEWSGROUPS quiet', 215), ['quiet\tHush !']);
  assert.deepEqual(await client.list('LIST MOTD', 215), ['Welcome.', '.Be nice']);
  assert.deepEqual(await client.list('LIST SUBSCRIPTIONS', 215), ['misc.test', 'comp.test']);
  assert.deepEqual(await client.list('LIST MODERATORS', 215), ['mod.*:mod+%s@example.org']);
  assert.deepEqual(await client.list('LIST DISTRIBUTIONS', 215), ['world Everywhere']);
  assert.deepEqual(await client.list('LIST DISTRIB.PATS', 215), ['10:local.*:local']);
  assert.deepEqual(await client.list('LIST HEADERS', 215), [':', ':bytes', ':lines']);
  for (const bad of ['LIST NOTHING', 'LIST ACTIVE [a]', 'LIST ACTIVE a b', 'LIST HEADERS x']) {
    assert.match(await client.command(bad), /^501 /, bad);
  }
  assert.equal((await client.list('NEWGROUPS 19990101 000000 GMT', 231)).length, 4);
  assert.deepEqual(await client.list('NEWNEWS * 19990101 000000', 230), ['<1@x>']);
  assert.deepEqual(await client.list('NEWNEWS !misc.*,comp.* 19990101 000000', 230), []);
  assert.deepEqual(await client.list('NEWNEWS * 20990101 000000', 230), []);
  const wilma = await it.reader('wilma');
  assert.ok((await wilma.list('LIST', 215)).includes('secret 0 1 n'));
  // What is made and taken away is in the next list.
  await it.group('fresh');
  assert.deepEqual(await client.list('LIST ACTIVE fresh', 215), ['fresh 0 1 y']);
  await it.store.catalogue.delete(sharedMailbox(['news', 'fresh']));
  assert.deepEqual(await client.list('LIST ACTIVE fresh', 215), []);
});

test('mail that came by other doors is read and found', async () => {
  await using it = await setUp();
  const { id } = await it.group('misc.test');
  const texts = ['Subject: no id\r\nXref: other x:1\r\n\r\nbody\r\n', 'Message-ID: <own@id>\r\n\r\n'];
  for (const text of texts) {
    await using message = await it.store.stage([Buffer.from(text)], { maxBytes: 1000 });
    await it.store.append([{ mailbox: id, items: [{ message, flags: noFlags, internalDateMs: 0 }] }]);
  }
  const client = await it.reader();
  await client.command('GROUP misc.test');
  const [, made] = /^223 1 (<[0-9a-f]{40}@\S+>)$/.exec(await client.command('STAT 1'))!;
  assert.equal(await client.command(`STAT ${made}`), `223 0 ${made}`);
  assert.equal(await client.command('STAT <own@id>'), '223 0 <own@id>');
  const lines = await client.list('HEAD 1', 221);
  assert.deepEqual(lines.slice(1), ['Subject: no id']);
  assert.match(lines[0]!, /^Xref: \S+ misc\.test:1$/);
  assert.match(
    (await client.list('HEAD 2', 221)).join('|'),
    /^Xref: \S+ misc\.test:2\|Message-ID: <own@id>$/,
  );
  assert.deepEqual(await client.list('BODY 2', 222), []);
  await it.store.mailbox(id).expunge(NumberSet.of(2), { onlyDeleted: false });
  assert.match(await client.command('STAT <own@id>'), /^430 /);
});
