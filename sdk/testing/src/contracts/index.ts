/** Suites that every provider of a contract runs. */
export * from './mail-store/index.js';
