export * from './extension-points.js';
export * from './fetch-line.js';
export * from './line.js';
export * from './parts.js';
export * from './refusal.js';
export * from './search.js';
export * from './session.js';
export * from './url.js';
