/** LIST lines, and what return options add to them, a slice at a time. */
import type { ImapReply, MailboxEntry } from '@angarium/sdk';
import type { Features } from '../registry.js';
import type { Session } from '../session.js';
import { nextTurn, Output } from '../view/index.js';
import { mailboxText, quoteString } from '../wire/index.js';
import { type GivenOption, isBase, type ListArguments } from './options.js';
import type { Match } from './walk.js';

/** Names told before others of this worker have their turn; also how many mailboxes a return option is asked about at once. */
const SLICE = 250;

const nothing: readonly string[] = [];

interface Mark {
  readonly texts: ReadonlySet<string>;
  readonly attribute: string;
}

export class ListTeller {
  private slice: Match<MailboxEntry>[] = [];
  private readonly out: Output;
  private readonly middle: string;
  /** How the line of a mailbox begins of which nothing else is to be said. */
  private readonly plain: { readonly parent: string; readonly leaf: string };
  private readonly childInfo: string;
  private readonly noMailbox: string;

  private constructor(
    private readonly session: Session,
    private readonly reply: ImapReply,
    { selection, isExtended }: ListArguments,
    private readonly returns: readonly GivenOption[],
    private readonly marks: readonly Mark[],
  ) {
    this.out = new Output(reply);
    this.middle = quoteString(session.namespace.separator);
    const begin = (attribute: string) => `* LIST (${attribute}) ${this.middle} `;
    this.plain = { parent: begin('\\HasChildren'), leaf: begin('\\HasNoChildren') };
    const criteria = selection.filter(({ option }) => isBase(option)).map(({ option }) => `"${option.name}"`);
    this.childInfo = ` (CHILDINFO (${criteria.join(' ')}))`;
    // RFC 5258 §3 has a word for it that clients of RFC 3501 do not know.
    this.noMailbox = isExtended || session.enabled.has('IMAP4REV2') ? '\\NonExistent' : '\\Noselect';
  }

  static async open(
    session: Session,
    reply: ImapReply,
    args: ListArguments,
    features: Features,
  ): Promise<ListTeller> {
    const asked = args.returns.map(({ option }) => option);
    const unasked = features.extensions
      .flatMap(({ listOptions = [] }) => listOptions)
      .filter((option) => option.isUnasked === true && !asked.includes(option))
      .map((option) => ({ option, args: undefined }));
    const marks: Mark[] = [];
    for (const { option, args: values } of [...args.selection, ...args.returns]) {
      if (option.names === undefined || option.mark === undefined) continue;
      if (marks.some(({ attribute }) => attribute === option.mark)) continue;
      const names = await option.names(session, values);
      const texts = new Set(names.map((name) => session.namespace.toClient(name)));
      marks.push({ texts, attribute: option.mark });
    }
    return new ListTeller(session, reply, args, [...args.returns, ...unasked], marks);
  }

  /** True: enough for a `pass`. */
  add(match: Match<MailboxEntry>): boolean {
    return this.slice.push(match) >= SLICE;
  }

  /** Tells what has come together. */
  async pass(): Promise<void> {
    const { slice, session, reply, out } = this;
    this.slice = [];
    // What the slice before has left, when the names came out even with the slices.
    if (slice.length === 0) return this.out.pass();
    const entries = this.returns.length === 0 ? [] : slice.flatMap(({ item }) => item ?? []);
    const attributes: (readonly (readonly string[])[])[] = [];
    const lines: (readonly string[])[] = [];
    for (const { option, args } of this.returns) {
      if (option.attributes) attributes.push(await option.attributes(session, entries, args));
      if (option.follow) lines.push(await option.follow(session, entries, args, reply));
    }
    let at = 0;
    for (const match of slice) {
      const index = match.item === undefined ? -1 : at++;
      const more = attributes.length === 0 ? nothing : attributes.flatMap((one) => one[index] ?? nothing);
      this.line(match, more);
      for (const one of lines) if (one[index]) out.text += `* ${one[index]}\r\n`;
    }
    if (slice.length < SLICE) return out.pass();
    if (out.hasEnough) await out.pass();
    await nextTurn();
  }

  private line(match: Match<MailboxEntry>, more: readonly string[]): void {
    const name = mailboxText(match.text, this.session.usesUtf8);
    if (match.item !== undefined && !match.hasSelectedBelow && this.marks.length === 0 && more.length === 0) {
      this.out.text += `${match.hasChildren ? this.plain.parent : this.plain.leaf}${name}\r\n`;
      return;
    }
    const attributes: string[] = [];
    if (match.item === undefined) attributes.push(this.noMailbox);
    for (const { texts, attribute } of this.marks) if (texts.has(match.text)) attributes.push(attribute);
    attributes.push(match.hasChildren ? '\\HasChildren' : '\\HasNoChildren', ...more);
    const extended = match.hasSelectedBelow ? this.childInfo : '';
    this.out.text += `* LIST (${attributes.join(' ')}) ${this.middle} ${name}${extended}\r\n`;
  }
}
