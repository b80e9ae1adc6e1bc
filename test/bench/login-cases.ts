/**
 * Logins by mechanism, and a day of them at once: 250,000 was the daily load of Oregon State's installation. Passwords are hashed as
 * each server does it as delivered: ours with scrypt, the peers' start scripts keep them as they are.
 */
import { memoryBytes } from '../support/processes.js';
import type { BenchCase, Scale } from './cases.js';
import { inParallel } from './load.js';
import { logInAndOut, mustOffer, type WayIn, waysIn } from './login-client.js';
import type { BenchServer } from './servers.js';

const WIDTH = 16;
/** A storm tells the same at a tenth of the length, and peers that fork take many minutes for the whole. */
const SHARE_OF_A_PEER = 0.1;

/** Users who have been there before come again. */
function loginsCase(way: WayIn, isTls: boolean): BenchCase {
  return {
    name: `logins, ${way}${isTls ? ', TLS' : ''}, ${WIDTH} at a time`,
    unit: 'logins/s',
    standsAlone: true,
    async prepare(server, { users }) {
      await mustOffer(server, way);
      await inParallel(users, WIDTH, (n) => logInAndOut(server, way, server.user(1 + n)));
    },
    async run(server, { sessions, users }) {
      await inParallel(sessions, WIDTH, (n) => logInAndOut(server, way, server.user(1 + (n % users)), isTls));
      return sessions;
    },
  };
}

/** Nobody has been there before: each of them costs a strong hash. */
const firstLogins: BenchCase = {
  name: `logins, PLAIN, the first of each user, ${WIDTH} at a time`,
  unit: 'logins/s',
  standsAlone: true,
  once: true,
  prepare: (server, scale) => server.haveUsers(scale.users + firstUsers(scale)),
  async run(server, scale) {
    const count = firstUsers(scale);
    await inParallel(count, WIDTH, (n) => logInAndOut(server, 'PLAIN', server.user(scale.users + 1 + n)));
    return count;
  },
};
const firstUsers = (scale: Scale) => scale.users;

interface Storm {
  readonly logins: number;
  /** Bytes of the process tree: before, and when 10 %, 50 % and all of the logins are done. */
  readonly memory: readonly [number, number, number, number];
}

const storms = new WeakMap<BenchServer, Promise<Storm>>();

/** Once a server. */
function storm(server: BenchServer, scale: Scale): Promise<Storm> {
  const known = storms.get(server) ?? runStorm(server, scale);
  storms.set(server, known);
  return known;
}

async function runStorm(server: BenchServer, scale: Scale): Promise<Storm> {
  const isOurs = server.name.startsWith('angarium');
  const logins = Math.round(scale.logins * (isOurs ? 1 : SHARE_OF_A_PEER));
  const part = async (from: number, to: number) => {
    await inParallel(to - from, WIDTH, (n) =>
      logInAndOut(server, 'PLAIN', server.user(1 + ((from + n) % scale.stormUsers))),
    );
    return memoryBytes(server.pid);
  };
  const [tenth, half] = [Math.round(logins / 10), Math.round(logins / 2)];
  const before = memoryBytes(server.pid);
  return {
    logins,
    memory: [before, await part(0, tenth), await part(tenth, half), await part(half, logins)],
  };
}

const memoryCase = (when: string, index: 0 | 1 | 2 | 3): BenchCase => ({
  name: `login storm, memory ${when}`,
  unit: 'MB',
  figure: 'MB',
  standsAlone: true,
  prepare: (server, scale) => server.haveUsers(scale.stormUsers),
  run: async (server, scale) => (await storm(server, scale)).memory[index] / 1e6,
});

export const loginCases: readonly BenchCase[] = [
  ...waysIn.map((way) => loginsCase(way, false)),
  ...waysIn.map((way) => loginsCase(way, true)),
  firstLogins,
  {
    name: 'login storm: 250,000 by 3000 users (of a peer a tenth), PLAIN',
    unit: 'logins/s',
    standsAlone: true,
    once: true,
    prepare: (server, scale) => server.haveUsers(scale.stormUsers),
    run: async (server, scale) => (await storm(server, scale)).logins,
  },
  memoryCase('before', 0),
  memoryCase('after 10 %', 1),
  memoryCase('after 50 %', 2),
  memoryCase('at the end', 3),
];
