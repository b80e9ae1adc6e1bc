export * from './flags.js';
export * from './identity.js';
export * from './mailbox-name.js';
export * from './number-set.js';
export * from './operator-names.js';
export * from './snapshot.js';
