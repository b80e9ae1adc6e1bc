/** Takes accounts of another system over. */
import type { ForeignAccount, ImportProblem, PasswordSchemes, ScramHash, UserId } from '@angarium/sdk';
import type { AccountDatabase, AccountRecord } from '../account-database.js';
import { encodeScramKeys, type StoredScramKeys } from '../secrets/scram.js';
import type { StoredSecret } from '../secrets/secret.js';

export interface ImportOptions {
  /** @throws for what can be no user id. */
  normalise(name: string): UserId;
  /** Change accounts that exist; otherwise they are left alone and told. */
  readonly update: boolean;
  /** Write nothing. */
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
  advance(count: number): void;
}

export interface ImportReport {
  readonly added: number;
  readonly updated: number;
  /** Left out, or taken over without a password; and why. */
  readonly problems: readonly ImportProblem[];
}

export interface ImportEnvironment extends ImportOptions {
  readonly database: AccountDatabase;
  makeSecret(user: UserId, password: string): Promise<StoredSecret>;
  readonly schemes: PasswordSchemes | undefined;
  /** Plain passwords that are hashed at a time. */
  readonly lanes: number;
}

/** Accounts of one transaction. */
const BATCH = 500;

interface Prepared {
  readonly account: ForeignAccount;
  readonly user: UserId;
  /** Undefined: no password, or none that is of use here. */
  readonly secret: StoredSecret | undefined;
}

/**
 * Hashes are kept as they are until the first login, when the password is at hand and is hashed as the manifest says. Plain
 * passwords are hashed now. A hash of an unknown scheme leaves the account without a password, and is told.
 */
export async function importAccounts(
  accounts: readonly ForeignAccount[],
  environment: ImportEnvironment,
): Promise<ImportReport> {
  const problems: ImportProblem[] = [];
  const counts = { added: 0, updated: 0 };
  for (let at = 0; at < accounts.length && !environment.signal.aborted; at += BATCH) {
    const batch = accounts.slice(at, at + BATCH);
    const usable = await prepareAll(batch, environment, problems);
    environment.database.putAll(usable, (item, existing) =>
      decide(item, existing(item.user), environment, counts, problems),
    );
    environment.advance(batch.length);
  }
  return { ...counts, problems: problems.sort((a, b) => a.line - b.line) };
}

/** In the order of the file, so many at a time. */
async function prepareAll(
  batch: readonly ForeignAccount[],
  environment: ImportEnvironment,
  problems: ImportProblem[],
): Promise<readonly Prepared[]> {
  const prepared: (Prepared | undefined)[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let at = next++; at < batch.length && !environment.signal.aborted; at = next++) {
      const account = batch[at];
      if (account !== undefined) prepared[at] = await prepare(account, environment, problems);
    }
  };
  await Promise.all(Array.from({ length: environment.lanes }, lane));
  return prepared.filter((item) => item !== undefined);
}

async function prepare(
  account: ForeignAccount,
  environment: ImportEnvironment,
  problems: ImportProblem[],
): Promise<Prepared | undefined> {
  const { line, name } = account;
  try {
    const user = environment.normalise(name);
    const secret = await secretOf(account, user, environment);
    if (secret === 'unknown') {
      const reason = 'the scheme of the password hash is not known: taken over without a password';
      problems.push({ line, name, reason });
    }
    return { account, user, secret: secret === 'unknown' ? undefined : secret };
  } catch (error) {
    problems.push({ line, name, reason: error instanceof Error ? error.message : String(error) });
    return undefined;
  }
}

async function secretOf(
  { encoded }: ForeignAccount,
  user: UserId,
  { schemes, makeSecret, dryRun }: ImportEnvironment,
): Promise<StoredSecret | undefined | 'unknown'> {
  if (encoded === undefined) return undefined;
  const plain = /^\{(?:PLAIN|CLEAR|CLEARTEXT)\}(.+)$/is.exec(encoded)?.[1];
  if (plain !== undefined) return dryRun ? { scram: {} } : makeSecret(user, plain);
  if (schemes?.schemeOf(encoded) === undefined) return 'unknown';
  const scram: { [H in ScramHash]?: StoredScramKeys } = {};
  for (const hash of ['SHA-1', 'SHA-256', 'SHA-512'] as const) {
    const keys = schemes.scramKeys(encoded, hash);
    if (keys !== undefined) scram[hash] = encodeScramKeys(keys);
  }
  return { foreign: encoded, scram };
}

function decide(
  { account, user, secret }: Prepared,
  existing: AccountRecord | undefined,
  { update, dryRun }: ImportEnvironment,
  counts: { added: number; updated: number },
  problems: ImportProblem[],
): Omit<AccountRecord, 'version'> | undefined {
  if (existing !== undefined && !update) {
    problems.push({ line: account.line, name: account.name, reason: 'the account exists already' });
    return undefined;
  }
  if (existing === undefined) counts.added++;
  else counts.updated++;
  if (dryRun) return undefined;
  const { displayName, groups, isDisabled } = account;
  return {
    user,
    displayName: displayName ?? existing?.displayName,
    groups: groups.length > 0 ? groups : (existing?.groups ?? []),
    isDisabled,
    secret: secret ?? existing?.secret,
  };
}
