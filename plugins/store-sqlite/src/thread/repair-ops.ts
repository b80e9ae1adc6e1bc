import type { WriteContext } from './context.js';
export function repairOperations(_context: WriteContext): any {
  return {};
}
