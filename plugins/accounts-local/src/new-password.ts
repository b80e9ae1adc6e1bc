import { type CommandContext, CommandError } from '@angarium/sdk';

/** Octets of standard input that are looked at. */
const MAX_INPUT_BYTES = 8192;

/** The first line of standard input with `--password-stdin`; asked for twice on a terminal. */
export async function newPassword(context: CommandContext): Promise<string> {
  const password =
    context.options['passwordStdin'] === true ? await firstLine(context.stdin) : await askTwice(context);
  if (password === '') throw new CommandError('the password is empty');
  return password;
}

async function firstLine(stdin: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stdin) {
    const bytes = Buffer.from(chunk as Uint8Array | string);
    chunks.push(bytes);
    length += bytes.length;
    if (bytes.includes(10)) break;
    if (length > MAX_INPUT_BYTES) throw new CommandError('the password is too long');
  }
  const [line = ''] = Buffer.concat(chunks).toString('utf8').split('\n', 1);
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}

async function askTwice(context: CommandContext): Promise<string> {
  if (!context.isInteractive) {
    throw new CommandError('give the password on standard input, with --password-stdin', 2);
  }
  const password = await context.askSecret('New password: ');
  if ((await context.askSecret('Again: ')) !== password) throw new CommandError('the passwords differ');
  return password;
}
