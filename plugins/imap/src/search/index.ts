export { type EvaluateOptions, evaluate } from './evaluate.js';
export { parseKeys } from './keys.js';
export type { Program } from './program.js';
export { imapSearch, searchCommand } from './search.js';
