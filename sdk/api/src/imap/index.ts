export * from './extension-points.js';
export * from './line.js';
export * from './refusal.js';
export * from './search.js';
export * from './session.js';
