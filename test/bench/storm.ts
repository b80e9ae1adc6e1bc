/**
 * `node test/dist/bench/storm.js [--logins 250000] [--users 1000] [--mechanism PLAIN] [--server angarium]`: a day of logins as fast
 * as the machine can, with the server's memory before, in the middle and at the end. First everybody logs in once, which costs
 * a strong hash each and is told apart.
 */
import { parseArgs } from 'node:util';
import { cpuSeconds, memoryBytes } from '../support/processes.js';
import { inParallel } from './load.js';
import { startAngarium, startPeer } from './servers.js';
import { type StormMechanism, stormLogin, stormMechanisms } from './storm-client.js';

const { values: options } = parseArgs({
  options: {
    logins: { type: 'string', default: '250000' },
    users: { type: 'string', default: '1000' },
    mechanism: { type: 'string', default: 'PLAIN' },
    server: { type: 'string', default: 'angarium' },
    width: { type: 'string', default: '16' },
  },
});
const mechanism = stormMechanisms.find((name) => name === options.mechanism);
if (mechanism === undefined) throw new Error(`--mechanism is one of ${stormMechanisms.join(', ')}`);
const users = Number(options.users);
const server =
  options.server === 'angarium'
    ? await startAngarium(users)
    : startPeer(options.server as 'cyrus' | 'dovecot', users);
if (server === undefined) throw new Error(`no start script for ${options.server} (ANGARIUM_PEERS)`);

async function part(name: string, count: number, chosen: StormMechanism): Promise<void> {
  const cpu = cpuSeconds(server!.pid);
  const start = performance.now();
  await inParallel(count, Number(options.width), (n) => stormLogin(server!, chosen, 1 + (n % users)));
  const seconds = (performance.now() - start) / 1000;
  const used = cpuSeconds(server!.pid) - cpu;
  const memory = memoryBytes(server!.pid) / 1e6;
  console.log(
    `${name}: ${count} logins in ${seconds.toFixed(1)} s, ${(count / seconds).toFixed(0)} a second, ` +
      `${((1000 * used) / count).toFixed(2)} ms of CPU each; memory ${memory.toFixed(0)} MB`,
  );
}

try {
  await part(`${server.name}, first login of each`, users, mechanism);
  const parts = 5;
  for (let n = 1; n <= parts; n++) {
    await part(
      `${server.name}, ${mechanism}, ${n} of ${parts}`,
      Math.round(Number(options.logins) / parts),
      mechanism,
    );
  }
} finally {
  await server.stop();
}
