/**
 * `npm run bench [-- --scale 0.1] [--only TEXT] [--runs 3] [--servers angarium,cyrus,dovecot] [--json]`: Angarium and its
 * peers, one after the other on this machine; wall time and the server's CPU, as rates, and ours as a ratio to each
 * peer's (above 1: we are ahead). Peers need their start scripts (ANGARIUM_PEERS names the folder).
 * `--servers angarium,dovecot-sha512-crypt --only logins` has both sides keep strong hashes.
 * `--servers angarium-quotas,angarium-no-quota --only delivery` tells what quotas cost: the first of the list is compared
 * with the others.
 */
import { parseArgs } from 'node:util';
import { cpuSeconds } from '../support/processes.js';
import { bigCases } from './big-cases.js';
import { type BenchCase, cases, fullScale, type Scale, scaled } from './cases.js';
import { listCases } from './list-cases.js';
import { NotOffered } from './load.js';
import { loginCases } from './login-cases.js';
import { pop3Cases } from './pop3-cases.js';
import {
  type BenchServer,
  startAngarium,
  startHashedDovecot,
  startPeer,
  startWithCodec,
  startWithoutQuotas,
  startWithQuotas,
} from './servers.js';

interface Result {
  /** Per second of wall time, or the figure itself. */
  readonly rate: number;
  /** Server CPU, milliseconds for each unit of work. */
  readonly cpuMs: number;
}

const { values: options } = parseArgs({
  options: {
    scale: { type: 'string', default: '1' },
    only: { type: 'string' },
    runs: { type: 'string', default: '3' },
    servers: { type: 'string', default: 'angarium,cyrus,dovecot' },
    json: { type: 'boolean', default: false },
  },
});

async function runCase(server: BenchServer, item: BenchCase, scale: Scale, runs: number): Promise<Result> {
  await item.prepare?.(server, scale);
  const results: Result[] = [];
  for (let run = 0; run < (item.figure || item.once ? 1 : runs); run++) {
    const cpuBefore = cpuSeconds(server.pid);
    const start = performance.now();
    const amount = await item.run(server, scale);
    const seconds = (performance.now() - start) / 1000;
    const cpu = cpuSeconds(server.pid) - cpuBefore;
    results.push({
      rate: item.figure ? amount : amount / seconds,
      cpuMs: item.figure ? 0 : (1000 * cpu) / amount,
    });
  }
  results.sort((a, b) => a.rate - b.rate);
  return results[Math.floor(results.length / 2)]!;
}

async function measure(
  start: () => Promise<BenchServer | undefined>,
  chosen: readonly BenchCase[],
  scale: Scale,
) {
  const server = await start();
  if (!server) return undefined;
  const results = new Map<string, Result | 'not offered'>();
  try {
    for (const item of chosen) {
      if (item.servers !== undefined && !item.servers.includes(server.name)) continue;
      const result = await runCase(server, item, scale, Number(options.runs)).catch((error: Error) => {
        if (error instanceof NotOffered) return 'not offered' as const;
        // A peer as it is delivered may not go as far; ours must.
        if (server.name.startsWith('angarium')) throw error;
        process.stderr.write(`${server.name}: ${item.name}: left out: ${error.message}\n`);
      });
      if (!result) continue;
      results.set(item.name, result);
      if (result === 'not offered') process.stderr.write(`${server.name}: ${item.name}: not offered\n`);
      else process.stderr.write(`${server.name}: ${item.name}: ${format(result.rate)} ${item.unit}\n`);
    }
  } finally {
    await server.stop();
  }
  return { name: server.name, results };
}

function format(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

const scale = options.scale === '1' ? fullScale : scaled(Number(options.scale));
const chosen = [...cases, ...bigCases, ...pop3Cases, ...listCases, ...loginCases].filter(
  ({ name, prepare, standsAlone }) =>
    !options.only || name.includes(options.only) || (prepare && !standsAlone),
);
const starts: Readonly<Record<string, () => Promise<BenchServer | undefined>>> = {
  angarium: () => startAngarium(scale.users),
  'angarium-quotas': () => startWithQuotas(scale.users),
  'angarium-zstd': () => startWithCodec('angarium-zstd', false, scale.users),
  'angarium-encrypted': () => startWithCodec('angarium-encrypted', true, scale.users),
  'angarium-no-quota': () => startWithoutQuotas(scale.users),
  cyrus: async () => startPeer('cyrus', scale.users),
  dovecot: async () => startPeer('dovecot', scale.users),
  'dovecot-sha512-crypt': async () => startHashedDovecot(scale.users),
};
const measured: { name: string; results: Map<string, Result | 'not offered'> }[] = [];
for (const name of options.servers.split(',')) {
  const start = starts[name];
  if (!start) throw new Error(`unknown server ${name}; there are ${Object.keys(starts).join(', ')}`);
  const results = await measure(start, chosen, scale);
  if (results) measured.push(results);
  else process.stderr.write(`${name}: no start script here (ANGARIUM_PEERS), left out\n`);
}

const ours = measured[0];
const rows = chosen.map((item) => {
  const row: Record<string, string> = { case: item.name, unit: item.unit };
  for (const { name, results } of measured) {
    const their = results.get(item.name);
    if (!their) continue;
    if (their === 'not offered') {
      row[name] = their;
      continue;
    }
    row[name] = format(their.rate);
    if (!item.figure) row[`${name} cpu ms`] = their.cpuMs.toPrecision(3);
    const our = ours?.results.get(item.name);
    if (!our || our === 'not offered' || name === ours?.name) continue;
    row[`vs ${name}`] = `${(item.figure ? their.rate / our.rate : our.rate / their.rate).toFixed(2)}x`;
    if (!item.figure) row[`cpu vs ${name}`] = `${(their.cpuMs / our.cpuMs).toFixed(2)}x`;
  }
  return row;
});
if (options.json) console.log(JSON.stringify(rows, null, 2));
else console.table(rows);
