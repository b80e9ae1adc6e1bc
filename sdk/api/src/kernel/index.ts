export * from './commands.js';
export * from './connection.js';
export * from './hooks.js';
export * from './host.js';
export * from './networks.js';
