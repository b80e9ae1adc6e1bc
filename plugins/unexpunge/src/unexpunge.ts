/** `angarium unexpunge`: Cyrus's unexpunge(8). */
import {
  CLOCK,
  type Clock,
  COMMANDS,
  type Command,
  type CommandContext,
  CommandError,
  Component,
  decodeWords,
  defineCommand,
  type ExpungedMessage,
  Flag,
  inject,
  injectable,
  injectOptional,
  MAIL_STORE,
  type Mailbox,
  type MailStore,
  NAMESPACE,
  type Namespace,
  NumberSet,
  type Registry,
  SummaryView,
  systemFlagBit,
} from '@angarium/sdk';
import { ctime, findMailbox, intervalMs, nameText } from './names.js';

/** An expunged message as it is listed. */
export interface ListedMessage {
  readonly uid: number;
  readonly size: number;
  readonly sent: string | undefined;
  readonly received: string;
  readonly expunged: string;
  readonly from: string;
  readonly to: string;
  readonly cc: string;
  readonly bcc: string;
  readonly subject: string;
}

export interface Unexpunged {
  readonly mailbox: string;
  readonly messages?: readonly ListedMessage[];
  /** Old UID → new UID. */
  readonly restored?: readonly (readonly [from: number, to: number])[];
  readonly isVerbose: boolean;
  readonly isAll: boolean;
}

/** Summaries come in batches; what has gone for good meanwhile has none. */
const HEADERS = ['from', 'to', 'cc', 'bcc', 'subject'] as const;

@injectable()
export class UnexpungeCommand extends Component {
  constructor(
    @inject(COMMANDS) private readonly commands: Registry<Command>,
    @inject(MAIL_STORE) private readonly store: MailStore,
    @inject(CLOCK) private readonly clock: Clock,
    @injectOptional(NAMESPACE) private readonly namespace: Namespace | undefined,
  ) {
    super();
  }

  override start(): void {
    this.own(
      this.commands.add(
        defineCommand<Unexpunged>({
          name: 'unexpunge',
          summary: 'list expunged messages that are still kept, and bring them back',
          arguments: [
            { name: '<mailbox>', summary: 'user.fred.Sent, user/fred@dom/Sent, …' },
            { name: '[uid...]', summary: 'with -l and -u: only these' },
          ],
          options: [
            { flags: '-l, --list', summary: 'list them' },
            { flags: '-a, --all', summary: 'bring all back' },
            {
              flags: '-t, --within <interval>',
              summary: 'what was expunged within this time: 90, 15m, 24h, 7d, 2w',
            },
            { flags: '-u, --uids', summary: 'bring back the UIDs that are given' },
            { flags: '-d, --undelete', summary: 'without \\Deleted, which expunged messages mostly have' },
            { flags: '-f, --flag <name>', summary: 'set this flag on what comes back' },
            { flags: '-v, --verbose', summary: 'tell old and new UIDs' },
          ],
          run: (context) => this.run(context),
          text: toText,
        }),
      ),
    );
  }

  private async run({ args, options }: CommandContext): Promise<Unexpunged> {
    const modes = ['list', 'all', 'within', 'uids'].filter((mode) => options[mode] !== undefined);
    if (modes.length !== 1) throw new CommandError('one of -l, -a, -t and -u is needed', 2);
    const [mode] = modes;
    const uids = uidsOf((args[1] ?? []) as readonly string[]);
    if (mode === 'uids' && uids === undefined) throw new CommandError('-u needs UIDs', 2);
    if ((mode === 'all' || mode === 'within') && uids !== undefined)
      throw new CommandError('UIDs go with -l and -u', 2);
    const since = mode === 'within' ? this.clock.now() - intervalMs(String(options['within'])) : 0;
    const entry = await findMailbox(this.store, String(args[0]));
    const box = this.store.mailbox(entry.id);
    const kept = (await box.expunged()).filter(
      ({ uid, expungedMs }) => expungedMs >= since && (uids === undefined || uids.has(uid)),
    );
    const mailbox = nameText(entry.name, this.namespace);
    const told = { mailbox, isVerbose: options['verbose'] === true, isAll: mode === 'all' };
    if (mode === 'list') return { ...told, messages: await describe(box, kept) };
    const flag = typeof options['flag'] === 'string' ? options['flag'] : undefined;
    return { ...told, restored: await restore(box, kept, options['undelete'] === true, flag) };
  }
}

/** @throws CommandError */
function uidsOf(words: readonly string[]): NumberSet | undefined {
  if (words.length === 0) return undefined;
  const uids = words.map((word) => {
    const uid = Number(word);
    if (!/^\d+$/.test(word) || uid < 1 || uid > 0xffff_ffff) throw new CommandError(`not a UID: ${word}`, 2);
    return uid;
  });
  return NumberSet.of(...uids);
}

async function describe(box: Mailbox, kept: readonly ExpungedMessage[]): Promise<ListedMessage[]> {
  const headers = new Map<number, { sentMs: number | undefined; values: Record<string, string> }>();
  for await (const { uids, records } of box.summaries(NumberSet.of(...kept.map(({ uid }) => uid)))) {
    records.forEach((record, at) => {
      const summary = new SummaryView(record);
      const values = Object.fromEntries(
        HEADERS.map((name) => [name, decodeWords(summary.cachedHeader(name) ?? '')]),
      );
      headers.set(uids[at]!, { sentMs: summary.hasSentDate ? summary.sentDateMs : undefined, values });
    });
  }
  return kept.map(({ uid, size, internalDateMs, expungedMs }) => {
    const { sentMs, values = {} } = headers.get(uid) ?? {};
    const { from = '', to = '', cc = '', bcc = '', subject = '' } = values;
    const sent = sentMs === undefined ? undefined : new Date(sentMs).toISOString();
    const received = new Date(internalDateMs).toISOString();
    return {
      uid,
      size,
      sent,
      received,
      expunged: new Date(expungedMs).toISOString(),
      from,
      to,
      cc,
      bcc,
      subject,
    };
  });
}

/** Without `isUndeleted` those that had \Deleted have it again, as in Cyrus. */
async function restore(
  box: Mailbox,
  kept: readonly ExpungedMessage[],
  isUndeleted: boolean,
  flag: string | undefined,
): Promise<readonly (readonly [number, number])[]> {
  const { source, target } = await box.unexpunge(NumberSet.of(...kept.map(({ uid }) => uid)));
  const pairs = source.map((uid, at) => [uid, target[at]!] as const);
  const deleted = new Set(
    kept.filter(({ flags }) => (flags.system & Flag.deleted) !== 0).map(({ uid }) => uid),
  );
  const again = pairs.filter(([from]) => deleted.has(from)).map(([, to]) => to);
  if (!isUndeleted && again.length > 0)
    await box.updateFlags(NumberSet.of(...again), { mode: 'add', system: Flag.deleted, keywords: [] });
  if (flag !== undefined && pairs.length > 0) {
    const system = systemFlagBit(flag);
    const change = system === undefined ? { system: 0, keywords: [flag] } : { system, keywords: [] };
    await box.updateFlags(NumberSet.of(...target), { mode: 'add', ...change });
  }
  return pairs;
}

function toText({ mailbox, messages, restored = [], isVerbose, isAll }: Unexpunged): string {
  if (messages !== undefined) return messages.map(messageText).join('\n');
  return [
    `restoring ${isAll ? 'all ' : ''}expunged messages in mailbox '${mailbox}'`,
    ...(isVerbose ? restored.map(([from, to]) => `Unexpunged ${mailbox}: ${from} => ${to}`) : []),
    `restored ${restored.length} expunged messages`,
  ].join('\n');
}

function messageText(message: ListedMessage): string {
  const { uid, size, sent, received, expunged, from, to, cc, bcc, subject } = message;
  const time = (iso: string | undefined) => (iso === undefined ? '' : ctime(Date.parse(iso)));
  return [
    `UID: ${uid}`,
    `\tSize: ${size}`,
    `\tSent: ${time(sent)}`,
    `\tRecv: ${time(received)}`,
    `\tExpg: ${time(expunged)}`,
    `\tFrom: ${from}`,
    `\tTo  : ${to}`,
    `\tCc  : ${cc}`,
    `\tBcc : ${bcc}`,
    `\tSubj: ${subject}`,
    '',
  ].join('\n');
}
