import { readFile } from 'node:fs/promises';
import { CommandError, type CommandOption, type CommandOptions, textOption } from '../kernel/commands.js';
import type { RemoteSecurity } from './tls.js';

/** What `remoteSecurity` reads. */
export const securityOptions: readonly CommandOption[] = [
  { flags: '--notls', summary: 'no STARTTLS' },
  { flags: '--cafile <file>', summary: 'verify the certificate by this CA' },
  { flags: '--insecure', summary: 'do not verify the certificate' },
];

/** What `passwordFromFile` reads. */
export const passwordFileOption: CommandOption = {
  flags: '--password-file <file>',
  summary: 'its first line is the password',
};

/** What `securityOptions` were given. */
export function remoteSecurity(options: CommandOptions): RemoteSecurity {
  return {
    caFile: textOption(options, 'cafile'),
    noTls: options['notls'] === true,
    isInsecure: options['insecure'] === true,
  };
}

/** Undefined: no file is named. @throws Error when it cannot be read */
export async function passwordFromFile(options: CommandOptions): Promise<string | undefined> {
  const file = textOption(options, 'passwordFile');
  if (file === undefined) return undefined;
  const [line = ''] = (await readFile(file, 'utf8')).split(/\r?\n/);
  return line;
}

/** @throws CommandError for what is no port */
export function portOption(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,5}$/.test(text)) throw new CommandError(`not a port: ${text}`, 2);
  return Number(text);
}
