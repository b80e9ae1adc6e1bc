/** Would this secret do for that mechanism? Asked of every source in turn, as a login asks them. */
import {
  fitsScramKeys,
  type PasswordContext,
  type PasswordSource,
  type SaslMechanism,
  type UserId,
} from '@angarium/sdk';

/** `unknown`: this source cannot say, the next one is asked. */
export interface SourceAnswer {
  readonly source: string;
  readonly verdict: 'right' | 'wrong' | 'unknown' | 'failed';
  readonly text: string;
}

/** The answers up to the first that decides. */
export async function askSources(
  sources: readonly PasswordSource[],
  mechanism: Pick<SaslMechanism, 'needs'>,
  user: UserId,
  password: string,
  context: PasswordContext,
): Promise<readonly SourceAnswer[]> {
  const answers: SourceAnswer[] = [];
  for (const source of sources) {
    const answer = await askOne(source, mechanism, user, password, context);
    answers.push(answer);
    if (answer.verdict !== 'unknown') break;
  }
  return answers;
}

async function askOne(
  source: PasswordSource,
  { needs }: Pick<SaslMechanism, 'needs'>,
  user: UserId,
  password: string,
  context: PasswordContext,
): Promise<SourceAnswer> {
  const answer = (verdict: SourceAnswer['verdict'], text: string) => ({ source: source.name, verdict, text });
  try {
    if (needs === undefined) {
      const verdict = await source.verify(user, password, context);
      return answer(verdict, (await source.explain?.(user, verdict)) ?? passwordTexts[verdict]);
    }
    if (needs === 'plain-secret') {
      const secret = await source.plainSecret?.(user);
      if (secret === undefined) return answer('unknown', 'it keeps no plain password for this user');
      return secret === password
        ? answer('right', 'the password is right')
        : answer('wrong', 'the password is wrong');
    }
    const keys = await source.scramKeys?.(user, needs);
    if (keys === undefined) return answer('unknown', `it keeps no SCRAM keys for ${needs} for this user`);
    const isRight = await fitsScramKeys(password, needs, keys);
    return isRight
      ? answer('right', 'the SCRAM keys fit the password')
      : answer('wrong', 'the SCRAM keys do not fit the password');
  } catch (error) {
    return answer('failed', `it cannot answer: ${describe(error)}`);
  }
}

const passwordTexts = {
  right: 'the password is right',
  wrong: 'it knows the user, and the password is wrong',
  unknown: 'it has no password for this user',
} as const;

/** With what is behind it: this is for the operator. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message} (${describe(error.cause)})`;
}
