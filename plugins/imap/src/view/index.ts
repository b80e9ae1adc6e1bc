/**
 * What one client has been told about its selected mailbox, and how it is told more. The session makes one with
 * `openSelected` for SELECT and EXAMINE, hands it out as `session.selected`, and calls `sync` at each legal moment: at the end
 * of every command (`mayExpunge` as the command declares), in IDLE and NOOP.
 */
export { FlagsText, flagsLine, permanentFlags, touchableFlags } from './flags-text.js';
export { numbersOf, resolveSearched, resolveSet } from './numbers.js';
export { nextTurn, Output } from './output.js';
export { canChange, type OpenSelected, openSelected, SelectedView } from './selected.js';
