/** `angarium deliver`: a message from stdin, for pipes of MTAs, fetchers and scripts. */
import type net from 'node:net';
import { pipeline } from 'node:stream/promises';
import { type Command, type CommandContext, defineCommand, openDoors, reachableAddress } from '@angarium/sdk';
import type { LmtpEnvironment } from '../session.js';
import { failureOf, type Outcome, temporaryError } from './exit-status.js';
import { deliverHere } from './in-process.js';
import { jobOf } from './job.js';
import { connectTo, deliverOver } from './lmtp-client.js';

export function deliverCommand(environment: LmtpEnvironment): Command {
  return defineCommand<readonly Outcome[]>({
    name: 'deliver',
    summary: 'Deliver a message from stdin',
    arguments: [{ name: '[user...]', summary: 'users or addresses' }],
    options: [
      { flags: '-r, --return-path <address>', summary: 'the sender, for Return-Path' },
      { flags: '-f, --from <address>', summary: 'the same' },
      { flags: '-m, --mailbox <name>', summary: 'the folder (user+name); without users a shared mailbox' },
      { flags: '-p, --postuser <user>', summary: 'user part of shared mailboxes', defaultValue: 'bb' },
      { flags: '-a, --auth <user>', summary: 'on whose behalf, for the right to post' },
      { flags: '-q, --ignore-quota', summary: 'deliver to full mailboxes too' },
      { flags: '-l, --lmtp', summary: 'speak LMTP: stdin and stdout go to the running server' },
      { flags: '-d', summary: 'taken for compatibility, without effect' },
    ],
    run: async ({ args, options, stdin }) => {
      const { host } = environment;
      if (options['lmtp'] === true) return await relay(host.runDir, stdin);
      const job = jobOf((args[0] as readonly string[] | undefined) ?? [], options);
      const socket = await runningServer(host.runDir);
      const message = stdin as AsyncIterable<Uint8Array>;
      const outcomes =
        socket === undefined
          ? await deliverHere(environment, job, message)
          : await deliverOver(socket, job, message);
      const failure = failureOf(outcomes);
      if (failure !== undefined) throw failure;
      return outcomes;
    },
    text: () => '',
  });
}

async function relay(runDir: string, stdin: CommandContext['stdin']): Promise<readonly Outcome[]> {
  const socket = await runningServer(runDir);
  if (socket === undefined) throw temporaryError('no server is running that could speak LMTP');
  await Promise.all([pipeline(stdin, socket), pipeline(socket, process.stdout, { end: false })]);
  return [];
}

/** Connected, by its unix socket if it has one; undefined when no server runs. */
async function runningServer(runDir: string): Promise<net.Socket | undefined> {
  for (const place of await lmtpPlaces(runDir)) {
    const socket = await connectTo(place);
    if (socket !== undefined) return socket;
  }
  return undefined;
}

async function lmtpPlaces(runDir: string): Promise<net.NetConnectOpts[]> {
  const doors = await openDoors(runDir, 'lmtp');
  const paths = doors.flatMap(({ path }) => (path === undefined ? [] : [{ path }]));
  const addresses = doors.flatMap(({ address, port }) =>
    port === undefined ? [] : [{ host: reachableAddress(address), port }],
  );
  return [...paths, ...addresses];
}
