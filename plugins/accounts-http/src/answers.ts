/** What the service may answer; anything else is as good as no answer. */
import type { Account, PasswordVerdict, UserId } from '@angarium/sdk';

type Fields = Readonly<Record<string, unknown>>;

/** @throws Error for what is no JSON object. */
export function readObject(text: string): Fields {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error('the answer is no object');
  return value as Fields;
}

/** @throws Error */
export function readAccount(user: UserId, answer: Fields): Account | undefined {
  const { found, name, groups = [], disabled = false, attributes = {}, incarnation } = answer;
  if (found === false) return undefined;
  if (found !== true) throw new Error('the answer says neither "found":true nor false');
  if (name !== undefined && name !== null && typeof name !== 'string') throw new Error('"name" is no text');
  if (typeof disabled !== 'boolean') throw new Error('"disabled" is neither true nor false');
  if (!Array.isArray(groups) || groups.some((group) => typeof group !== 'string'))
    throw new Error('"groups" is no list of names');
  if (incarnation !== undefined && typeof incarnation !== 'string')
    throw new Error('"incarnation" is no text');
  return {
    user,
    displayName: name || undefined,
    groups,
    isDisabled: disabled,
    attributes: readAttributes(attributes),
    ...(incarnation === undefined ? {} : { incarnation }),
  };
}

/** @throws Error */
export function readVerdict({ verdict }: Fields): PasswordVerdict {
  if (verdict === 'right' || verdict === 'wrong' || verdict === 'unknown') return verdict;
  throw new Error('"verdict" is none of right, wrong and unknown');
}

function readAttributes(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error('"attributes" is no object');
  const entries = Object.entries(value);
  if (entries.some(([, text]) => typeof text !== 'string'))
    throw new Error('"attributes" has what is no text');
  return Object.fromEntries(entries);
}
