/** What the line protocols (POP3, NNTP, LMTP, ManageSieve) share. */
export * from './argument-reader.js';
export * from './base64.js';
export * from './command-table.js';
export * from './dot-body.js';
export * from './dot-stuffing.js';
export * from './dot-writer.js';
export * from './sasl.js';
export * from './session-loop.js';
export * from './text-session.js';
