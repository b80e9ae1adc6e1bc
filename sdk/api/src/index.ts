/** @angarium/sdk: all that a plugin imports. */
import 'reflect-metadata';
import './buffer-methods.js';

export * from './accounts/index.js';
export * from './contracts/index.js';
export * from './di.js';
export * from './disposable.js';
export * from './errors.js';
export * from './hooks/index.js';
export * from './imap/index.js';
export * from './kernel/index.js';
export * from './message/index.js';
export * from './model/index.js';
export * from './permissions.js';
export * from './plugin.js';
export * from './remote/index.js';
export * from './sasl/index.js';
export * from './sieve/index.js';
export * from './text-protocol/index.js';
