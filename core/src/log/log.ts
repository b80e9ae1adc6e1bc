/**
 * Logging by pino: for people on a terminal, JSON elsewhere. Both write in this process (no worker thread), so
 * that nothing is lost when it ends. What looks like a secret is not written.
 */
import { createRequire } from 'node:module';
import type { LogFields, Logger } from '@angarium/sdk';
import { type Logger as Pino, pino } from 'pino';
import type { LogLevel } from '../manifest/manifest.js';

export type LogFormat = 'auto' | 'pretty' | 'json';

export interface LogOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** Where to write; default stderr, so that commands keep stdout for results. */
  readonly stream?: NodeJS.WritableStream & { readonly isTTY?: boolean };
  /** In every line. */
  readonly fields?: LogFields;
}

const secretNames = [
  'password',
  'passwd',
  'secret',
  'secrets',
  'token',
  'authorization',
  'credentials',
  'privateKey',
];
const secrets: ReadonlySet<string> = new Set(secretNames);
const secretPaths = secretNames.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);

function isPretty({ format, stream = process.stderr }: Pick<LogOptions, 'format' | 'stream'>): boolean {
  return format === 'pretty' || (format === 'auto' && stream.isTTY === true);
}

export function createLog(options: LogOptions): Logger {
  const stream = options.stream ?? process.stderr;
  const destination = isPretty(options)
    ? loadPretty()({
        destination: stream as never,
        colorize: stream.isTTY === true && process.env['NO_COLOR'] === undefined,
        translateTime: 'SYS:HH:MM:ss.l',
        ignore: 'pid,hostname',
        sync: true,
      })
    : { write: (line: string) => void stream.write(line) };
  const settings = {
    level: options.level,
    base: options.fields ? { ...options.fields } : {},
    formatters: { level: (level: string) => ({ level }) },
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: serializeError },
  };
  const redact = { paths: secretPaths, censor: '(not shown)' };
  return new PinoLogger(
    pino(settings, destination as never),
    pino({ ...settings, redact }, destination as never),
  );
}

/** No field has a secret's name, and none is an object that could hold one. */
function hasNoSecret(fields: LogFields): boolean {
  for (const name in fields) {
    const value = fields[name];
    if (secrets.has(name) || (typeof value === 'object' && value !== null)) return false;
  }
  return true;
}

/** Loaded when wanted: workers and commands that write JSON start faster without it. */
function loadPretty(): typeof import('pino-pretty').build {
  return (createRequire(import.meta.url)('pino-pretty') as typeof import('pino-pretty')).build;
}

class PinoLogger implements Logger {
  /** Looking for secrets costs more than writing a line: `plain` writes those that cannot have any. */
  constructor(
    private readonly plain: Pino,
    private readonly redacting: Pino,
  ) {}

  debug(text: string, fields?: LogFields): void {
    this.for(fields).debug(fields ?? {}, text);
  }
  info(text: string, fields?: LogFields): void {
    this.for(fields).info(fields ?? {}, text);
  }
  warn(text: string, fields?: LogFields): void {
    this.for(fields).warn(fields ?? {}, text);
  }
  error(text: string, fields?: LogFields): void {
    this.for(fields).error(fields ?? {}, text);
  }
  child(fields: LogFields): Logger {
    const isFlat = hasNoSecret(fields);
    const redacting = this.redacting.child(fields);
    return new PinoLogger(isFlat ? this.plain.child(fields) : redacting, redacting);
  }

  private for(fields: LogFields | undefined): Pino {
    return fields === undefined || hasNoSecret(fields) ? this.plain : this.redacting;
  }
}

/** The causes too, which is where the reason usually is; not more than a few deep. */
function serializeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return error;
  const { name, message, stack, cause } = error;
  const code = (error as { code?: unknown }).code;
  return {
    type: name,
    message,
    ...(code !== undefined && { code }),
    stack,
    ...(cause !== undefined && depth < 5 && { cause: serializeError(cause, depth + 1) }),
  };
}

/** Writes nothing. */
export const silentLog: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLog,
};

/** The last line of a start, on stdout, for people and scripts that wait for it. */
export function sayReady(
  options: Pick<LogOptions, 'format'>,
  stdout: NodeJS.WritableStream = process.stdout,
): void {
  if (options.format === 'json')
    stdout.write(`${JSON.stringify({ msg: 'ready', time: new Date().toISOString() })}\n`);
  else stdout.write('angarium ready\n');
}
