/** A tagged NO or BAD whose response code has an argument, or is none of MailError's: `NO [UNDEFINED-FILTER x]`. */
export class ImapRefusal extends Error {
  override readonly name = 'ImapRefusal';
  constructor(
    readonly kind: 'NO' | 'BAD',
    readonly code: string,
    text: string,
  ) {
    super(text);
  }
}
