/** Names of scripts (RFC 5804 §1.6): Net-Unicode (RFC 5198 §2) without any control character or line end. */
import { MAX_NAME_BYTES } from './limits.js';
import { type CommandInput, StringTooLong, WireError } from './wire/command-input.js';
import { tryUtf8 } from './wire/line.js';

/**
 * In NFC, so that the same name typed on two machines is one script. Undefined: no name. Code points that are not assigned
 * (and those that never will be) are none either, since a server may not send them on.
 */
export function parseScriptName(octets: Uint8Array): string | undefined {
  const name = tryUtf8(octets)?.normalize('NFC');
  if (name === undefined || name === '' || name.startsWith('\ufeff')) return undefined;
  return /[\p{Cc}\p{Cn}\u2028\u2029]/u.test(name) ? undefined : name;
}

/** An argument with the blank before it. @throws WireError, ReadError */
export async function scriptNameArgument(input: CommandInput): Promise<string> {
  const name = parseScriptName(await octetsArgument(input));
  if (name === undefined) throw new WireError('Invalid script name');
  return name;
}

/** As above; undefined for the empty string (RFC 5804 §2.8). */
export async function activeNameArgument(input: CommandInput): Promise<string | undefined> {
  const octets = await octetsArgument(input);
  if (octets.length === 0) return undefined;
  const name = parseScriptName(octets);
  if (name === undefined) throw new WireError('Invalid script name');
  return name;
}

async function octetsArgument(input: CommandInput): Promise<Buffer> {
  input.space();
  try {
    return await input.string('a script name', MAX_NAME_BYTES);
  } catch (error) {
    if (!(error instanceof StringTooLong)) throw error;
    throw new WireError(`The script name is too long, at most ${MAX_NAME_BYTES} octets`);
  }
}
