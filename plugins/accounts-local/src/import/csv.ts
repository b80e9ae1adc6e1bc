/** A table with a heading (RFC 4180): user, password, name, groups, disabled; columns in any order, others passed over. */
import type { ForeignAccount, ImportProblem, ReadAccounts } from '@angarium/sdk';

interface Row {
  readonly line: number;
  readonly cells: readonly string[];
}

export function readCsv(text: string): ReadAccounts {
  const [heading, ...rows] = rowsOf(text.replace(/^\ufeff/, ''));
  const columns = (heading?.cells ?? []).map((cell) => cell.trim().toLowerCase());
  if (!columns.includes('user')) {
    return {
      accounts: [],
      problems: [{ line: 1, name: '', reason: 'the first line names no column "user"' }],
    };
  }
  const accounts: ForeignAccount[] = [];
  const problems: ImportProblem[] = [];
  for (const row of rows) {
    if (row.cells.length !== columns.length) {
      const reason = `${row.cells.length} columns instead of ${columns.length}`;
      problems.push({ line: row.line, name: row.cells[0] ?? '', reason });
    } else accounts.push(accountOf(row, columns));
  }
  return { accounts, problems };
}

/** Does the first line name a column `user`? */
export function looksLikeCsv(text: string): boolean {
  const [heading = ''] = text.split(/\r?\n/, 1);
  return /(^\ufeff?|,)\s*"?user"?\s*(,|$)/i.test(heading);
}

/** A password that names no scheme is the password itself. */
function accountOf({ line, cells }: Row, columns: readonly string[]): ForeignAccount {
  const cell = (name: string) => cells[columns.indexOf(name)]?.trim() ?? '';
  const password = cells[columns.indexOf('password')] ?? '';
  const isEncoded = /^\{[A-Za-z0-9.-]+\}/.test(password) || /^\$[a-z0-9]+\$/.test(password);
  const encoded = password === '' ? undefined : isEncoded ? password : `{PLAIN}${password}`;
  return {
    line,
    name: cell('user'),
    encoded,
    displayName: cell('name') || undefined,
    groups: cell('groups')
      .split(/[;, ]+/)
      .filter((group) => group !== ''),
    isDisabled: /^(1|true|yes)$/i.test(cell('disabled')),
  };
}

/** Quoted cells may hold commas, line ends and doubled quotes. */
function rowsOf(text: string): Row[] {
  const rows: Row[] = [];
  const cell = /("(?:[^"]|"")*"|[^",\r\n]*)(,|\r?\n|$)/y;
  let cells: string[] = [];
  let line = 1;
  let start = 1;
  for (let at = 0; at < text.length; ) {
    cell.lastIndex = at;
    // A quote where none may be: the rest of the line is taken as it is.
    const [whole, content = '', end = ''] = cell.exec(text) ?? restOfLine(text, at);
    at += whole.length;
    cells.push(content.startsWith('"') ? content.slice(1, -1).replaceAll('""', '"') : content);
    line += whole.split('\n').length - 1;
    if (end === ',' && at < text.length) continue;
    if (end === ',') cells.push('');
    if (cells.some((value) => value !== '')) rows.push({ line: start, cells });
    cells = [];
    start = line;
  }
  return rows;
}

function restOfLine(text: string, from: number): readonly [string, string, string] {
  const end = text.indexOf('\n', from);
  const whole = end < 0 ? text.slice(from) : text.slice(from, end + 1);
  return [whole, whole.trimEnd().replace(/^"/, ''), '\n'];
}
