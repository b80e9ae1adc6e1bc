/** Actions that exclude each other. */
import type { Action } from '../runtime/actions.js';

/**
 * RFC 5429 §2.2, §2.1: a message is refused, or something is done with it, not both; RFC 5230 §4.7 says the same of
 * vacation. Undefined: they go together.
 */
export function conflictOf(actions: readonly Action[]): string | undefined {
  const rejections = actions.filter(({ is }) => is === 'reject');
  if (rejections.length === 0) return undefined;
  if (rejections.length > 1) return 'the message is rejected twice';
  const other = actions.find(({ is }) => is !== 'reject' && is !== 'discard' && is !== 'remember');
  return other === undefined ? undefined : `reject and ${other.is} exclude each other`;
}
