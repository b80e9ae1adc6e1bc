export * from './auth.js';
export * from './connection.js';
export * from './delivery.js';
export * from './mailbox.js';
export * from './message.js';
export * from './server.js';
