export * from './extension-points.js';
export * from './line.js';
export * from './listing.js';
export * from './search.js';
export * from './session.js';
export * from './wildcards.js';
