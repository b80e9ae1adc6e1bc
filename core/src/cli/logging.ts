/** The log of a command: what was said on the command line, else what the manifest says. */
import type { Logger } from '@angarium/sdk';
import { createLog, type LogOptions } from '../log/log.js';
import type { Settings } from '../manifest/manifest.js';
import type { Invocation } from './builtin.js';

export function logOptionsFor(invocation: Invocation, settings: Pick<Settings, 'log'>): LogOptions {
  return {
    level: invocation.logLevel ?? settings.log.level,
    format: invocation.logFormat ?? settings.log.format,
    stream: invocation.stderr,
  };
}

/** Commands speak up only when something is wrong: what they do is their result. */
export function commandLog(invocation: Invocation, settings: Pick<Settings, 'log'>): Logger {
  const options = logOptionsFor(invocation, settings);
  return createLog({
    ...options,
    level: invocation.logLevel ?? (options.level === 'silent' ? 'silent' : 'warn'),
  });
}
