/** What an alias comes to when what it names may be an alias again. */
import { type AddressOwner, MailError } from '@angarium/sdk';

/** As deep as anybody reads. */
const MAX_DEPTH = 20;
/** Names looked at for one address. */
const MAX_NAMES = 1000;

/** What a name stands for; undefined: it is a user. Names are asked in lower case. */
export type NameFinder = (name: string) => Promise<readonly AddressOwner[] | undefined>;

/**
 * Users in the order in which they are named, each once. An alias that names itself means the user of that name
 * (`fred: fred, wilma`); one that is come back to by way of others adds nothing, unless there is nobody else.
 * @param from the name that `owners` are of, if it is one.
 * @throws MailError UNAVAILABLE beyond the bounds: the operator's mistake, so the sender tries again.
 */
export async function expand(
  owners: readonly AddressOwner[],
  from: string | undefined,
  find: NameFinder,
): Promise<readonly AddressOwner[]> {
  const users = new Map<string, AddressOwner>();
  const inCircles = new Map<string, AddressOwner>();
  const seen = new Set<string>();
  const path = from === undefined ? [] : [from];
  const visit = async (owner: AddressOwner): Promise<void> => {
    const { user, detail = '' } = owner;
    const name = user.normalize('NFC').toLowerCase();
    const isLoop = path.includes(name);
    if (!isLoop && seen.has(`${user}+${detail}`)) return;
    seen.add(`${user}+${detail}`);
    if (seen.size > MAX_NAMES || path.length > MAX_DEPTH) throw tooFar(path[0] ?? user);
    const next = isLoop ? undefined : await find(name);
    if (next === undefined) {
      const isUser = !isLoop || path.at(-1) === name;
      (isUser ? users : inCircles).set(`${user}+${detail}`, owner);
      return;
    }
    path.push(name);
    // The detail of `sales: info+web` holds for all of info who have none.
    for (const each of next) await visit({ ...owner, ...each });
    path.pop();
  };
  for (const owner of owners) await visit(owner);
  return [...(users.size > 0 ? users : inCircles).values()];
}

function tooFar(name: string): MailError {
  const cause = new Error(`the alias ${name} leads to more than ${MAX_NAMES} names or ${MAX_DEPTH} deep`);
  return new MailError('UNAVAILABLE', 'The address leads too far', { cause, enhancedStatus: '4.4.6' });
}
