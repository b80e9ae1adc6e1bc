/** `angarium users import`. */
import { readFile } from 'node:fs/promises';
import {
  type Accounts,
  type Command,
  type CommandContext,
  CommandError,
  defineCommand,
  looksLikePasswd,
  type ReadAccounts,
  readPasswdAndShadow,
  readPasswdFile,
} from '@angarium/sdk';
import type { LocalAccounts } from '../local-accounts.js';
import { looksLikeCsv, readCsv } from './csv.js';
import type { ImportReport } from './import-accounts.js';

/** Problems that are listed without `--json`. */
const SHOWN_PROBLEMS = 20;

export function importCommand(accounts: Accounts, local: LocalAccounts): Command {
  return defineCommand({
    name: 'users import',
    summary: 'Take over accounts from a password file or a table',
    arguments: [{ name: '<file>', summary: "Dovecot's passwd-file, passwd, or CSV with a heading" }],
    options: [
      { flags: '--format <format>', summary: 'passwd-file, passwd or csv; otherwise it is found out' },
      { flags: '--shadow <file>', summary: 'the file with the hashes, for passwd' },
      { flags: '--update', summary: 'change accounts that exist' },
      { flags: '--dry-run', summary: 'write nothing' },
    ],
    async run(context): Promise<ImportReport> {
      const { accounts: found, problems } = await readFiles(context);
      if (found.length === 0 && problems.length > 0)
        throw new CommandError(problems[0]?.reason ?? 'nothing found');
      const progress = context.progress('accounts', found.length);
      const report = await local.importAccounts(found, {
        normalise: (name) => accounts.normalise(name),
        update: context.options['update'] === true,
        dryRun: context.options['dryRun'] === true,
        signal: context.signal,
        advance: (count) => progress.advance(count),
      });
      progress.done();
      return { ...report, problems: [...problems, ...report.problems] };
    },
    text: reportText,
  });
}

async function readFiles({ args, options }: CommandContext): Promise<ReadAccounts> {
  const text = await readText(String(args[0]));
  const { format = guess(text, options['shadow'] !== undefined), shadow } = options;
  if (format === 'csv') return readCsv(text);
  if (format === 'passwd-file') return readPasswdFile(text);
  if (format === 'passwd') {
    if (typeof shadow !== 'string')
      throw new CommandError('passwd needs --shadow FILE, where the hashes are', 2);
    return readPasswdAndShadow(text, await readText(shadow));
  }
  throw new CommandError('--format is passwd-file, passwd or csv', 2);
}

function guess(text: string, hasShadow: boolean): string {
  if (hasShadow) return 'passwd';
  if (looksLikeCsv(text)) return 'csv';
  if (looksLikePasswd(text)) return 'passwd-file';
  throw new CommandError('the file is neither lines of user:password nor a table with a column "user"');
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new CommandError(`${file} cannot be read: ${(error as Error).message}`);
  }
}

function reportText({ added, updated, problems }: ImportReport): string {
  const lines = problems
    .slice(0, SHOWN_PROBLEMS)
    .map(({ line, name, reason }) => `line ${line}${name === '' ? '' : `, ${name}`}: ${reason}`);
  const more = problems.length - lines.length;
  if (more > 0) lines.push(`… and ${more} more; --json lists all`);
  return [...lines, `added ${added}, changed ${updated}, problems ${problems.length}`].join('\n');
}
