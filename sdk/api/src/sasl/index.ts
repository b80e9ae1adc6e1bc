/** What SASL mechanisms and password sources share. */
export * from './folder-key.js';
export * from './gs2.js';
export * from './saslprep.js';
export * from './scram-keys.js';
export * from './text.js';
export * from './work-queue.js';
