/** ESEARCH (RFC 4731) and, where SORT is there, what ESORT (RFC 5267 §3.1) makes of it: MIN, MAX, ALL, COUNT. */
import type { ImapExtension, ReturningCommand, ReturnOption } from '@angarium/sdk';

const commands: readonly ReturningCommand[] = ['SEARCH', 'SORT', 'ESEARCH'];

/** In the order of the results: for SORT the first and last in that order (RFC 5267 §3.1). */
const min: ReturnOption = {
  name: 'MIN',
  commands,
  covers: (count) => (count === 0 ? [] : [[0, 0]]),
  tell: ({ results }) => (results.count === 0 ? '' : `MIN ${results.numberAt(0)}`),
};

const max: ReturnOption = {
  name: 'MAX',
  commands,
  covers: (count) => (count === 0 ? [] : [[count - 1, count - 1]]),
  tell: ({ results }) => (results.count === 0 ? '' : `MAX ${results.numberAt(results.count - 1)}`),
};

const all: ReturnOption = {
  name: 'ALL',
  commands,
  covers: (count) => (count === 0 ? [] : [[0, count - 1]]),
  tell: ({ results }) => (results.count === 0 ? '' : `ALL ${results.setText(0, results.count - 1)}`),
};

const count: ReturnOption = {
  name: 'COUNT',
  commands,
  covers: (count) => (count === 0 ? [] : [[0, count - 1]]),
  tell: ({ results }) => `COUNT ${results.count}`,
};

export const esearchExtension: ImapExtension = {
  name: 'ESEARCH',
  capabilities: [{ word: 'ESEARCH', states: ['authenticated', 'selected'] }],
  returnOptions: [min, max, all, count],
};
