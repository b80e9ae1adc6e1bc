import type { WriteContext } from './context.js';
export function maintenanceOperations(_context: WriteContext): any {
  return {};
}
