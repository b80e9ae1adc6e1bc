/** @angarium/testing: what tests of plugins stand on. */

export { MessageHub } from '@angarium/core';
export * from './clients/imap.js';
export * from './clients/line-client.js';
export * from './clients/lmtp.js';
export * from './clients/sasl.js';
export * from './clock.js';
export * from './corpus.js';
export * from './fakes.js';
export * from './host.js';
export * from './imap-fuzz.js';
export * from './imap-grammar.js';
export * from './imap-mutations.js';
export * from './imap-server.js';
export * from './kernel.js';
export * from './memory-store/index.js';
export { type SinkMail, SmtpSink } from './smtp-sink.js';
export * from './splits.js';
