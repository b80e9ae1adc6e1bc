/** SORT (ANNOTATION entry value.priv) (RFC 5257 §4.9). */
import type { ImapSession, NumberSet, SortKey } from '@angarium/sdk';
import { Annotations, slices } from './annotations.js';
import { parseEntry, type Scope } from './grammar.js';

interface Question {
  readonly entry: string;
  readonly scope: Scope;
}

/** Octets of a value that count; a message's key is not to be as large as its annotation. */
const MAX_OCTETS = 4000;

export const annotationSort: SortKey = {
  name: 'ANNOTATION',
  isVolatile: true,
  parse(line): Question {
    line.sp();
    const entry = parseEntry(line);
    line.sp();
    const [, scope] =
      /^value\.(priv|shared)$/.exec(line.astring()) ?? line.fail('value.priv or value.shared');
    return { entry, scope: scope as Scope };
  },
  load: (session, uids, args) => texts(session, uids, args as Question),
};

async function texts(
  session: ImapSession,
  uids: NumberSet,
  { entry, scope }: Question,
): Promise<ReadonlyMap<number, string>> {
  const found = new Map<number, string>();
  for await (const slice of slices(uids)) {
    const annotations = await Annotations.of(session, slice);
    for (const uid of annotations.uids) {
      const value = annotations.values(uid, scope).get(entry);
      if (value !== undefined) found.set(uid, Buffer.from(value.subarray(0, MAX_OCTETS)).toString());
    }
  }
  return found;
}
