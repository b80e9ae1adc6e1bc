/** Which limit it was, which the contract's errors do not say: looked up once something is refused. */
import { isMailError } from '@angarium/sdk';
import type { ManageSieveSession } from '../session.js';

/** Answers NO where a limit refuses a script of a size that is allowed (RFC 5804 §1.3). @throws all other errors */
export async function refuseOverQuota(
  session: ManageSieveSession,
  name: string,
  error: unknown,
): Promise<void> {
  if (!isMailError(error) || (error.code !== 'OVERQUOTA' && error.code !== 'LIMIT')) throw error;
  const { scripts } = session.environment;
  const list = await scripts.list(session.user);
  const isOneMore = !list.some((script) => script.name === name);
  const isFull = isOneMore && list.length >= scripts.limits.scripts;
  session.no(error.publicText, isFull ? 'QUOTA/MAXSCRIPTS' : 'QUOTA');
}

/** Answers NO for the active script. @throws all other errors: somebody else may be at work on the scripts */
export async function refuseActive(session: ManageSieveSession, name: string, error: unknown): Promise<void> {
  if (!isMailError(error) || error.code !== 'INUSE') throw error;
  const list = await session.environment.scripts.list(session.user);
  if (!list.some((script) => script.name === name && script.active)) throw error;
  session.no('The active script cannot be deleted', 'ACTIVE');
}
