/** For commands that talk to a server, this one or any other: where to, how safe, by whose password. */
export * from './address.js';
export * from './options.js';
export * from './tls.js';
