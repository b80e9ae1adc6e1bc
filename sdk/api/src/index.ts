/** @angarium/sdk: all that a plugin imports. */
import 'reflect-metadata';

export * from './di.js';
export * from './disposable.js';
export * from './errors.js';
export * from './kernel/index.js';
export * from './plugin.js';
