/** `angarium serve`: the server, in the foreground, until SIGTERM or SIGINT. SIGHUP reloads. */
import { CommandError } from '@angarium/sdk';
import { createLog, sayReady } from '../../log/log.js';
import { readManifest } from '../../manifest/manifest.js';
import { defineBuiltIn } from '../builtin.js';
import { logOptionsFor } from '../logging.js';

export const serve = defineBuiltIn<undefined>({
  name: 'serve',
  summary: 'run the server in the foreground',
  options: [
    { flags: '--single', summary: 'everything in this one process: for debuggers and small containers' },
    {
      flags: '--hang-seconds <n>',
      summary: 'kill a worker that shows no life for so long (0: never)',
      defaultValue: '10',
    },
  ],
  notes: [
    'SIGTERM and SIGINT end it in good order: clients are told and have limits.drainSeconds to leave.',
    'SIGHUP, as `angarium reload`, validates the manifest anew and exchanges the workers one by one.',
    'run/ports.json in the data folder tells where it listens.',
  ].join('\n'),
  async run({ signal, options }, invocation) {
    const { settings } = readManifest(invocation.source);
    const { level, format, stream } = logOptionsFor(invocation, settings);
    const logOptions = { level, format };
    // Other commands need nothing of what serving takes.
    const primary = await import('../../workers/primary.js');
    await primary.serve({
      source: invocation.source,
      version: invocation.version,
      log: createLog({ ...logOptions, ...(stream !== undefined && { stream }), fields: { worker: 0 } }),
      logOptions,
      isSingle: options['single'] === true,
      hangMs: hangMsOf(options['hangSeconds']),
      signal,
      say: (text) => void invocation.stdout.write(`${text}\n`),
      onReady: () => sayReady(logOptions, invocation.stdout),
    });
    return undefined;
  },
  text: () => '',
});

function hangMsOf(value: string | boolean | undefined): number {
  const seconds = Number(value);
  if (!(seconds >= 0)) throw new CommandError(`--hang-seconds: "${value}" is no number of seconds`, 2);
  return seconds * 1000;
}
