/** Parts of messages for what reads them outside of FETCH: CATENATE, URLFETCH. */
import {
  body,
  type DecodedPart,
  type ImapPart,
  type ImapParts,
  ImapSyntaxError,
  injectable,
  type Mailbox,
  MailError,
  NumberSet,
  parse,
  SummaryView,
} from '@angarium/sdk';
import { commandLineFrom } from '../wire/index.js';
import { type Decoding, decoded, decodingOf } from './binary.js';
import { ContentReader, readWhole } from './contents.js';
import { headerPart } from './header-part.js';
import { asDecoded, partStructure } from './part-structure.js';
import { finderOf, locate, parseSection, type SectionSpec, structureFinder } from './section.js';

/** A line of FETCH is no longer either. */
const MAX_SECTION_LENGTH = 4096;

/** Undefined: it is no section. */
function sectionFrom(text: string): SectionSpec | undefined {
  if (text.length > MAX_SECTION_LENGTH) return undefined;
  try {
    const line = commandLineFrom(`[${text}]`);
    const spec = parseSection(line);
    line.end();
    return spec;
  } catch (error) {
    if (error instanceof ImapSyntaxError) return undefined;
    throw error;
  }
}

async function summaryOf(mailbox: Mailbox, uid: number): Promise<SummaryView | undefined> {
  for await (const { records } of mailbox.summaries(NumberSet.of(uid))) return new SummaryView(records[0]!);
  return undefined;
}

/** IMAP_PARTS. */
@injectable()
export class PartProvider implements ImapParts {
  async open(mailbox: Mailbox, uid: number, text: string): Promise<ImapPart | undefined> {
    const spec = sectionFrom(text);
    const snapshot = await mailbox.snapshot();
    if (spec === undefined || snapshot.indexOf(uid) < 0) return undefined;
    const summary = await summaryOf(mailbox, uid);
    if (summary === undefined) return undefined;
    let find = finderOf(summary);
    if (!summary.sectionsStored) {
      const bytes = await readWhole(mailbox, uid);
      if (bytes === undefined) return undefined;
      find = structureFinder(parse(bytes));
    }
    const range = locate(spec, summary.size, find);
    if (range === undefined) return undefined;
    if (range.subset !== undefined) return headerPart(mailbox, uid, range, range.subset);
    const section = spec.text === '' ? find(spec.path) : undefined;
    const decoding = section === undefined ? identity : decodingOf(section, spec.path);
    const hasStructure = section !== undefined;
    return new MessagePart(mailbox, uid, spec, range, decoding, hasStructure ? summary : undefined);
  }
}

const identity: Decoding = { encoding: '7bit', isText: false };

class MessagePart implements ImapPart {
  readonly size: number;

  constructor(
    private readonly mailbox: Mailbox,
    private readonly uid: number,
    private readonly spec: SectionSpec,
    private readonly range: { readonly from: number; readonly to: number },
    private readonly decoding: Decoding | undefined,
    private readonly summary: SummaryView | undefined,
  ) {
    this.size = range.to - range.from;
  }

  async *bytes(from: number, to: number): AsyncGenerator<Buffer> {
    const start = Math.min(this.range.to, this.range.from + from);
    const end = Math.min(this.range.to, this.range.from + to);
    if (end <= start) return;
    await using reader = new ContentReader(this.mailbox, [{ uid: this.uid, from: start, to: end }]);
    const { bytes, isMissing } = reader.stream(0);
    yield* bytes;
    if (isMissing()) throw new MailError('EXPUNGEISSUED', 'The message is gone');
  }

  async decoded(): Promise<DecodedPart | undefined> {
    const { decoding } = this;
    if (decoding === undefined) return undefined;
    const bytes = () => decoded(this.bytes(0, this.size), decoding);
    let size = 0;
    let hasNul = false;
    for await (const chunk of bytes()) {
      size += chunk.length;
      hasNul ||= chunk.includes(0);
    }
    return { size, hasNul, bytes };
  }

  async structure(decodedPart?: DecodedPart): Promise<string | undefined> {
    if (this.summary === undefined) return undefined;
    let whole = this.summary.body();
    if (whole === undefined) {
      const bytes = await readWhole(this.mailbox, this.uid);
      if (bytes === undefined) return undefined;
      whole = body(bytes, parse(bytes));
    }
    const part = partStructure(whole, this.spec.path);
    if (part === undefined || decodedPart === undefined || this.spec.path.length === 0) return part;
    return asDecoded(part, decodedPart.size);
  }
}
