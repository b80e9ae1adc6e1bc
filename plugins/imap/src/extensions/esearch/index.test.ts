import { test } from 'node:test';
import {
  Component,
  definePlugin,
  IMAP_EXTENSIONS,
  type ImapExtensions,
  type ImapSession,
  inject,
  injectable,
  part,
} from '@angarium/sdk';
import type { TestPlugin } from '@angarium/testing';
import { type Exchange, mailbox, numbered, talk } from '../searching.test.support.js';

/** Stands for whoever brings IMAP4rev2. */
@injectable()
class Rev2 extends Component {
  constructor(@inject(IMAP_EXTENSIONS) private readonly extensions: ImapExtensions) {
    super();
  }

  override start(): void {
    const enable = [{ name: 'X-REV2', onEnable: (session: ImapSession) => session.enable('IMAP4REV2') }];
    this.own(this.extensions.add({ name: 'X-REV2', enable }));
  }
}

/** Ten messages of three senders: user0 wrote 1 4 7 10. */
const plain: readonly Exchange[] = [
  ['SEARCH RETURN (MIN COUNT) FROM user0', ['ESEARCH (TAG) MIN 1 COUNT 4']],
  ['SEARCH RETURN () FROM user0', ['ESEARCH (TAG) ALL 1,4,7,10']],
  ['SEARCH RETURN (ALL) 3:7', ['ESEARCH (TAG) ALL 3:7']],
  ['UID SEARCH RETURN (MIN MAX) 1:5000', ['ESEARCH (TAG) UID MIN 1 MAX 10']],
  ['SEARCH RETURN (COUNT) DELETED', ['ESEARCH (TAG) COUNT 0']],
  ['SEARCH RETURN (MIN MAX ALL) DELETED', ['ESEARCH (TAG)']],
  ['SEARCH RETURN (MAX) CHARSET UTF-8 FROM user1', ['ESEARCH (TAG) MAX 8']],
  ['search return (all count) from user1', ['ESEARCH (TAG) ALL 2,5,8 COUNT 3']],
  ['SEARCH RETURN (MIN MIN) ALL', ['ESEARCH (TAG) MIN 1']],
  ['SEARCH RETURN (NOSUCH) ALL', [], /^BAD .*a RETURN option of SEARCH/],
  ['SEARCH RETURN MIN ALL', [], /^BAD/],
  ['SEARCH RETURN (MIN', [], /^BAD/],
  ['SEARCH RETURN ()', [], /^BAD/],
  [`SEARCH RETURN (${'MIN '.repeat(40)}MIN) ALL`, [], /^BAD/],
];

test('RETURN asks for what is told (RFC 4731 §3.1)', async () => {
  const { server, client } = await mailbox(numbered(10));
  await using _ = server;
  await talk(client, plain);
  await talk(client, [
    ['UID STORE 4 +FLAGS.SILENT (\\Deleted)', []],
    ['EXPUNGE', ['4 EXPUNGE']],
    ['UID SEARCH RETURN () FROM user0', ['ESEARCH (TAG) UID ALL 1,7,10']],
    ['SEARCH RETURN () FROM user0', ['ESEARCH (TAG) ALL 1,6,9']],
  ]);
});

test('MODSEQ is of what is returned (RFC 4731 §3.2)', async () => {
  const { server, client } = await mailbox(numbered(4));
  await using _ = server;
  const highest = async (set: string): Promise<number> => {
    const { untagged } = await client.ok(`FETCH ${set} (MODSEQ)`);
    return Math.max(...untagged.map((line) => Number(/MODSEQ \((\d+)\)/.exec(line)?.[1] ?? 0)));
  };
  await client.ok('STORE 2 +FLAGS (\\Seen)');
  const [first, last, all] = [await highest('1'), await highest('4'), await highest('1:4')];
  await talk(client, [
    ['SEARCH RETURN (MIN) MODSEQ 1', [`ESEARCH (TAG) MIN 1 MODSEQ ${first}`]],
    ['SEARCH RETURN (MAX) MODSEQ 1', [`ESEARCH (TAG) MAX 4 MODSEQ ${last}`]],
    ['SEARCH RETURN (MIN MAX) MODSEQ 1', [`ESEARCH (TAG) MIN 1 MAX 4 MODSEQ ${Math.max(first, last)}`]],
    ['SEARCH RETURN (MIN COUNT) MODSEQ 1', [`ESEARCH (TAG) MIN 1 COUNT 4 MODSEQ ${all}`]],
    [`SEARCH RETURN (ALL) MODSEQ ${all + 1000}`, ['ESEARCH (TAG)']],
  ]);
});

test('IMAP4rev2 is always answered by ESEARCH (RFC 9051 §6.4.4)', async () => {
  const rev2: TestPlugin = {
    name: 'rev2',
    manifest: { requires: ['imap-extensions@1'] },
    definition: definePlugin({ parts: [part(Rev2)] }),
  };
  const { server, client } = await mailbox(numbered(3), { more: [rev2] });
  await using _ = server;
  await talk(client, [['SEARCH FROM user0', ['SEARCH 1']]]);
  await client.ok('ENABLE X-REV2');
  await talk(client, [
    ['SEARCH FROM user0', ['ESEARCH (TAG) ALL 1']],
    ['UID SEARCH FROM nobody', ['ESEARCH (TAG) UID']],
    ['SEARCH RETURN (SAVE) FROM user0', []],
  ]);
});
