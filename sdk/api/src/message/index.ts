/** The message toolkit: structure, header, IMAP wire text, summaries, decoding, collation, dates, line ends. */
export { flattenAddresses, parseAddressList } from './addresses.js';
export { body, bodyStructure } from './body-structure.js';
export { decodeCharset, isKnownCharset } from './charset.js';
export { type CollationName, collations, fold } from './collation.js';
export {
  formatInternalDate,
  formatMailDate,
  type MailDate,
  parseDate,
  parseInternalDate,
  parseMailDate,
} from './dates.js';
export { decodeWords } from './encoded-words.js';
export { envelope } from './envelope.js';
export { type HeaderField, header, headerAll, headerFields, headerSubset, messageRange } from './headers.js';
export { htmlText } from './html-text.js';
export { LineEndNormaliser, type LineEndOptions, normaliseLineEnds } from './line-ends.js';
export { messageIds } from './message-ids.js';
export { fileName, parameterValue } from './parameters.js';
export { MAX_DEPTH, MAX_PARTS, parse } from './parse.js';
export { PREVIEW_CHARACTERS, previewOf } from './preview.js';
export { sectionOf, sectionsOf } from './sections.js';
export { stripExtensionData } from './strip-extension.js';
export { type BaseSubject, baseSubject } from './subject.js';
export { encodeSummary, summarise } from './summary-encode.js';
export { isCacheableHeader } from './summary-format.js';
export { redateSummary } from './summary-redate.js';
export { SummaryView } from './summary-view.js';
export { threadIdOf } from './thread-id.js';
export { type Decoder, decodeTransfer, transferDecoder, transferDecodeStream } from './transfer.js';
export type * from './types.js';
export { wireString } from './wire.js';
