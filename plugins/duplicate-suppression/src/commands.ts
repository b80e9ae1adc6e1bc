/** `angarium duplicates list|forget|stats` */
import {
  COMMANDS,
  type Command,
  CommandError,
  Component,
  defineCommand,
  inject,
  injectable,
  MAIL_STORE,
  type MailboxEntry,
  type MailStore,
  ownerOf,
  RECORDS,
  type RecordSpace,
  type Records,
  type Registry,
  textOption,
} from '@angarium/sdk';
import { decodeMark, idPart } from './key.js';
import { MARKS } from './ledger.js';
import { SUPPRESSED, type SuppressedCopy } from './suppressed.js';

const PAGE = 1000;

/** A copy that was not filed, or (`mailbox` only) a delivery that is remembered. */
interface Line {
  readonly time: string;
  readonly messageId: string;
  readonly mailbox: string;
  readonly sender?: string;
  readonly recipient?: string;
  readonly session?: string;
  readonly date?: string;
}

@injectable()
export class DuplicateCommands extends Component {
  private readonly marks: RecordSpace;
  private readonly copies: RecordSpace;

  constructor(
    @inject(COMMANDS) private readonly commands: Registry<Command>,
    @inject(MAIL_STORE) private readonly store: MailStore,
    @inject(RECORDS) records: Records,
  ) {
    super();
    this.marks = records.space(MARKS);
    this.copies = records.space(SUPPRESSED);
  }

  override start(): void {
    this.own(this.commands.add(this.list(), this.forget(), this.stats()));
  }

  private list(): Command {
    return defineCommand<readonly Line[]>({
      name: 'duplicates list',
      summary: 'Show the copies that were not filed, or what is remembered',
      options: [
        { flags: '--remembered', summary: 'deliveries that are remembered, not the suppressed copies' },
        { flags: '--mailbox <id>', summary: 'of this mailbox (an id, as mbexamine shows it)' },
        { flags: '--message <id>', summary: 'only of this Message-ID' },
        { flags: '--limit <n>', summary: 'how many to show', defaultValue: '100' },
      ],
      run: async ({ options }) => {
        const limit = Number(options['limit']);
        if (!Number.isInteger(limit) || limit < 1)
          throw new CommandError('--limit must be a positive number', 2);
        const mailbox = textOption(options, 'mailbox');
        const message = textOption(options, 'message')?.replace(/^<(.*)>$/, '$1');
        return options['remembered'] === true
          ? await this.remembered(mailbox, message, limit)
          : await this.suppressed(mailbox, message, limit);
      },
      text: (lines) => (lines.length === 0 ? 'none' : lines.map(textOf).join('\n')),
    });
  }

  private forget(): Command {
    return defineCommand<{ readonly forgotten: number }>({
      name: 'duplicates forget',
      summary: 'Forget a message, so that its next copy is filed',
      arguments: [{ name: '<message-id>', summary: 'with or without angle brackets' }],
      options: [{ flags: '--mailbox <id>', summary: 'in this mailbox only' }],
      run: async ({ args, options }) => {
        const prefix = idPart(String(args[0]));
        let forgotten = 0;
        for (const { id } of await this.mailboxes(textOption(options, 'mailbox'))) {
          const owner = { mailbox: id };
          const rows = await this.marks.list(owner, { prefix });
          if (rows.length === 0) continue;
          await this.marks.write(
            owner,
            rows.map(({ key }) => ({ key, value: undefined })),
          );
          forgotten += rows.length;
        }
        return { forgotten };
      },
      text: ({ forgotten }) => `${forgotten} deliver${forgotten === 1 ? 'y' : 'ies'} forgotten`,
    });
  }

  private stats(): Command {
    return defineCommand<{ readonly remembered: number; readonly suppressed: number }>({
      name: 'duplicates stats',
      summary: 'Show how much is remembered and was suppressed',
      run: async () => {
        let remembered = 0;
        for (const { id } of await this.mailboxes(undefined)) {
          for await (const rows of pages(this.marks, { mailbox: id })) remembered += rows.length;
        }
        let suppressed = 0;
        for await (const rows of pages(this.copies, undefined)) suppressed += rows.length;
        return { remembered, suppressed };
      },
      text: ({ remembered, suppressed }) =>
        `deliveries remembered: ${remembered}\ncopies suppressed within the window: ${suppressed}`,
    });
  }

  private async suppressed(
    mailbox: string | undefined,
    message: string | undefined,
    limit: number,
  ): Promise<Line[]> {
    const lines: Line[] = [];
    for await (const rows of pages(this.copies, undefined)) {
      for (const { value } of rows) {
        const copy = JSON.parse(Buffer.from(value).toString('utf8')) as SuppressedCopy;
        const isWanted =
          (mailbox ?? copy.mailbox) === copy.mailbox && (message ?? copy.messageId) === copy.messageId;
        if (!isWanted) continue;
        const { messageId, sender, recipient, session } = copy;
        const entry = await this.store.catalogue.byId(copy.mailbox as MailboxEntry['id']);
        const place = entry === undefined ? copy.mailbox : shown(entry);
        lines.push({
          time: timeText(copy.timeMs),
          messageId,
          mailbox: place,
          sender,
          recipient,
          session,
        });
        if (lines.length === limit) return lines;
      }
    }
    return lines;
  }

  private async remembered(
    mailbox: string | undefined,
    message: string | undefined,
    limit: number,
  ): Promise<Line[]> {
    const lines: Line[] = [];
    const prefix = message === undefined ? '' : idPart(message);
    for (const entry of await this.mailboxes(mailbox)) {
      for await (const rows of pages(this.marks, { mailbox: entry.id }, prefix)) {
        for (const { value } of rows) {
          const { timeMs, messageId, date } = decodeMark(value);
          lines.push({ time: timeText(timeMs), messageId, mailbox: shown(entry), date });
          if (lines.length === limit) return lines;
        }
      }
    }
    return lines;
  }

  /** @throws CommandError when there is none of this id. */
  private async mailboxes(id: string | undefined): Promise<readonly MailboxEntry[]> {
    if (id === undefined) return await this.store.catalogue.list({});
    const entry = await this.store.catalogue.byId(id as MailboxEntry['id']);
    if (entry === undefined) throw new CommandError(`there is no mailbox ${id}`);
    return [entry];
  }
}

async function* pages(space: RecordSpace, owner: Parameters<RecordSpace['list']>[0], prefix = '') {
  for (let after: string | undefined; ; ) {
    const rows = await space.list(owner, {
      prefix,
      limit: PAGE,
      ...(after === undefined ? {} : { after }),
    });
    if (rows.length > 0) yield rows;
    if (rows.length < PAGE) return;
    after = rows.at(-1)!.key;
  }
}

function timeText(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

function shown({ name }: MailboxEntry): string {
  const owner = ownerOf(name);
  const domain = owner === undefined && name.domain !== undefined ? [`@${name.domain}`] : [];
  return [...(owner === undefined ? [] : ['user', owner]), ...name.path, ...domain].join('/');
}

function textOf(line: Line): string {
  const { time, messageId, mailbox, sender, recipient, session, date } = line;
  const rest = date === undefined ? `<${sender}> -> <${recipient}> ${session}` : `Date: ${date}`;
  return `${time}  <${messageId}>  ${mailbox}  ${rest}`;
}
