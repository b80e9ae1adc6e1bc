/** The message toolkit: structure, header, IMAP wire text, summaries, decoding, collation, dates. */
export * from './signatures.js';
export * from './types.js';
