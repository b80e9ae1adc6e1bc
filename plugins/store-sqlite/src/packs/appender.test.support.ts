/** Child of kill.test.ts: appends without end and prints each acknowledged GUID; is killed at some moment. */
import { writeSync } from 'node:fs';
import { codecs, filed, record } from './fixtures.test.support.js';
import { PackWriter } from './writer.js';

const [packsDir, name, kind] = process.argv.slice(2);
const codec = codecs.find(([known]) => known === kind)![1];
const writer = await PackWriter.open({
  packsDir: packsDir!,
  codec,
  rollBytes: 300_000,
  ownPackBytes: 60_000,
  roomBytes: 4_000_000,
});
writeSync(1, 'ready\n');

async function appendForever(lane: number): Promise<never> {
  for (let index = 0; ; index++) {
    const item = record(`${name} ${lane} ${index}`, 1 + ((index * 7919 + lane * 104_729) % 70_000));
    await writer.append([item]);
    writeSync(1, `${item.guid.toString('hex')}\n`);
    writer.journal([filed(index + 1, item.guid)]);
  }
}
await Promise.all(Array.from({ length: 8 }, (_, lane) => appendForever(lane)));
