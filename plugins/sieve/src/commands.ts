/** `angarium sieve check|test` */
import { readFileSync } from 'node:fs';
import {
  CLOCK,
  type Clock,
  COMMANDS,
  CONFIG,
  type Command,
  CommandError,
  Component,
  defineCommand,
  HOST,
  type Host,
  inject,
  injectable,
  MAIL_STORE,
  type MailStore,
  normaliseLineEnds,
  type Registry,
  SIEVE_SCRIPTS,
  type SieveCheck,
  type SieveProblem,
} from '@angarium/sdk';
import type { SieveConfig } from './config.js';
import { SieveRuntimeError } from './language/problem.js';
import type { Action } from './runtime/actions.js';
import { SieveMessage } from './runtime/message.js';
import { Run } from './runtime/run.js';
import type { World } from './runtime/world.js';
import type { SieveService } from './scripts/sieve-service.js';

const MAX_MESSAGE = 256 * 1024 * 1024;

/** What a script would do with a message. */
interface Trial {
  readonly actions: readonly Action[];
  readonly implicitKeep: boolean;
  readonly flags: readonly string[];
  readonly error?: string;
}

@injectable()
export class SieveCommands extends Component {
  constructor(
    @inject(COMMANDS) private readonly commands: Registry<Command>,
    @inject(SIEVE_SCRIPTS) private readonly scripts: SieveService,
    @inject(MAIL_STORE) private readonly store: MailStore,
    @inject(CONFIG) private readonly config: SieveConfig,
    @inject(HOST) private readonly host: Host,
    @inject(CLOCK) private readonly clock: Clock,
  ) {
    super();
  }

  override start(): void {
    this.own(this.commands.add(this.check(), this.test()));
  }

  private check(): Command {
    return defineCommand<SieveCheck>({
      name: 'sieve check',
      summary: 'Say what is wrong with a Sieve script',
      arguments: [{ name: '<file>', summary: 'the script' }],
      run: async ({ args }) => this.scripts.check(readFile(String(args[0]))),
      text: ({ errors, warnings }) => {
        const lines = [...errors.map(problemText), ...warnings.map((one) => `warning: ${problemText(one)}`)];
        return lines.length === 0 ? 'the script is good' : lines.join('\n');
      },
      exitStatus: ({ errors }) => (errors.length > 0 ? 1 : 0),
    });
  }

  private test(): Command {
    return defineCommand<Trial>({
      name: 'sieve test',
      summary: 'Show what a Sieve script would do with a message',
      arguments: [
        { name: '<script>', summary: 'a file' },
        { name: '<message>', summary: 'a file, as it would come in' },
      ],
      options: [
        { flags: '--from <address>', summary: 'sender of the envelope', defaultValue: 'sender@example.org' },
        { flags: '--to <address>', summary: 'recipient of the envelope', defaultValue: 'user@example.org' },
      ],
      run: async ({ args, options }) =>
        this.trial(String(args[0]), String(args[1]), String(options['from']), String(options['to'])),
      text: trialText,
      exitStatus: ({ error }) => (error === undefined ? 0 : 1),
    });
  }

  private async trial(script: string, file: string, sender: string, recipient: string): Promise<Trial> {
    const { program, problems } = this.scripts.programs.compile(readFile(script));
    if (program === undefined) throw new CommandError(problems.map(problemText).join('\n'));
    const pieces: Buffer[] = [];
    for await (const piece of normaliseLineEnds([readFile(file)])) pieces.push(piece);
    const octets = Buffer.concat(pieces);
    await using staged = await this.store.stage([octets], { maxBytes: MAX_MESSAGE, sizeHint: octets.length });
    const message = await SieveMessage.open(staged, this.config.maxBodyBytes);
    const { maxSteps: steps, maxRedirects: redirects } = this.config;
    const run = new Run(this.world(message, sender, recipient), { steps, redirects });
    try {
      await program.run(run);
    } catch (error) {
      if (!(error instanceof SieveRuntimeError)) throw error;
      return { actions: [], implicitKeep: true, flags: [], error: error.message };
    }
    return { actions: run.actions, implicitKeep: run.hasImplicitKeep, flags: run.flags };
  }

  /** Nobody's: there are no mailboxes, and nothing has been seen before. */
  private world(message: SieveMessage, sender: string, recipient: string): World {
    const { serverName, version } = this.host;
    const items = new Map([
      ['host', serverName],
      ['name', 'Angarium'],
      ['version', version],
      ['location', 'MDA'],
      ['phase', 'during'],
    ]);
    const nowMs = this.clock.now();
    return {
      message,
      addedFields: [],
      sender,
      recipient,
      detailSeparators: this.config.detailSeparators,
      nowMs,
      zoneMinutes: -new Date(nowMs).getTimezoneOffset(),
      environment: (item) => items.get(item),
      mailboxExists: async () => false,
      specialUseExists: async () => false,
      mailboxIdExists: async () => false,
      metadata: async () => undefined,
      wasSeen: async () => false,
      program: async () => undefined,
    };
  }
}

function readFile(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new CommandError(`${path} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
}

function problemText({ line, column, message }: SieveProblem): string {
  return `line ${line}, column ${column}: ${message}`;
}

function trialText({ actions, implicitKeep, flags, error }: Trial): string {
  if (error !== undefined) return `the script fails: ${error}\nkeep`;
  const lines = actions.map(({ is, ...rest }) => `${is} ${JSON.stringify(rest)}`);
  if (implicitKeep) lines.push(`keep (implicit)${flags.length > 0 ? ` ${flags.join(' ')}` : ''}`);
  return lines.join('\n');
}
