/** Annotations of some messages, as one user has them. */
import { type ImapSession, NumberSet, type UserId } from '@angarium/sdk';
import type { Scope } from './grammar.js';

type Values = ReadonlyMap<string, Uint8Array>;

const nothing: Values = new Map();

/** Messages whose annotations are read at once. */
export const SLICE = 500;

export class Annotations {
  private constructor(private readonly byScope: Readonly<Record<Scope, ReadonlyMap<number, Values>>>) {}

  static async of(session: ImapSession, uids: NumberSet): Promise<Annotations> {
    const { mailbox } = session.selected;
    const user = annotator(session);
    return new Annotations({
      shared: await mailbox.annotations(uids, undefined),
      priv: user === undefined ? new Map() : await mailbox.annotations(uids, user),
    });
  }

  values(uid: number, scope: Scope): Values {
    return this.byScope[scope].get(uid) ?? nothing;
  }

  /** Messages that have some. */
  get uids(): NumberSet {
    const all = [...this.byScope.priv.keys(), ...this.byScope.shared.keys()];
    return NumberSet.fromAscending(all.sort((a, b) => a - b));
  }

  /** Of a message, both scopes, in order. */
  entries(uid: number): readonly string[] {
    return [...new Set([...this.values(uid, 'priv').keys(), ...this.values(uid, 'shared').keys()])].sort();
  }
}

/** Whose the private ones are; undefined: nobody's, who is anonymous. */
export function annotator({ identity }: ImapSession): UserId | undefined {
  return identity.isAnonymous ? undefined : identity.user;
}

/** Some hundred UIDs at a time, with a turn for others in between: of a large mailbox there are many. */
export async function* slices(uids: NumberSet): AsyncGenerator<NumberSet> {
  let slice: number[] = [];
  for (const uid of uids) {
    slice.push(uid);
    if (slice.length < SLICE) continue;
    yield NumberSet.fromAscending(slice);
    slice = [];
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  if (slice.length > 0) yield NumberSet.fromAscending(slice);
}
