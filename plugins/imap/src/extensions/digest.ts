/** DIGEST=SHA1 of Cyrus, of which no RFC tells: FETCH DIGEST.SHA1 is the SHA-1 of the message. */
import { createHash } from 'node:crypto';
import type { FetchBatch, ImapExtension } from '@angarium/sdk';
import { ContentReader } from '../fetch/contents.js';

async function digests({ session, uids }: FetchBatch): Promise<string[]> {
  const requests = [...uids].map((uid) => ({ uid, from: 0, to: Number.POSITIVE_INFINITY }));
  await using reader = new ContentReader(session.selected.mailbox, requests);
  const texts: string[] = [];
  for (const request of requests.keys()) {
    const hash = createHash('sha1');
    const { bytes, isMissing } = reader.stream(request);
    for await (const chunk of bytes) hash.update(chunk);
    texts.push(isMissing() ? '' : `DIGEST.SHA1 ${hash.digest('hex')}`);
  }
  return texts;
}

export const digestExtension: ImapExtension = {
  name: 'DIGEST',
  capabilities: [{ word: 'DIGEST=SHA1', states: ['authenticated', 'selected'] }],
  fetchItems: [{ name: 'DIGEST.SHA1', needs: 'message', run: digests }],
};
