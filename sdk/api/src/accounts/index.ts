/** What sources of accounts and passwords share. */
export * from './foreign-account.js';
export * from './outside-accounts.js';
export * from './outside-source.js';
export * from './passwd-file.js';
export * from './user-records.js';
export * from './verification-cache.js';
