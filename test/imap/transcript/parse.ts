/**
 * Rules as text: one for each rule of an RFC that is covered.
 *
 *     [RFC 3501 §6.3.1] SELECT tells what the mailbox is
 *     needs: UIDPLUS
 *     mail: plain mixed
 *     C: SELECT {box}
 *     *: 2 EXISTS
 *     -: /SEARCH/
 *     OK: [READ-WRITE]
 *
 * `needs` lists capabilities (`NAME=` with any value); `mail` what is in the mailbox {box} before (names of mails.ts); `state` is
 * where it begins: `none`, `login` (default) or `selected`. `C:` is a command without its tag, `<<text>>` in it a literal, `{name}` a variable; `*:` must be
 * among the untagged responses, `-:` must not; `+:` is a continuation, answered by a line `>:`; `OK:`, `NO:`, `BAD:` (or `NO|BAD:`) the tagged
 * answer. `2C:` and so on are a second session of the same user; `as: 2=second 3=admin` makes it one of another user or of an
 * administrator (`{second}`, `{admin}` are their names). `R:` sends octets as they are written (`\r\n`, `\xNN`; `{tag}` is the tag
 * of the answer that is waited for), `N:` ends a session's connection and begins another one in the rule's state.
 * `differs PEER: why` explains what a peer does otherwise.
 */

interface Place {
  /** Which of the sessions, from 1. */
  readonly session: number;
  /** Line in the file. */
  readonly at: number;
}

export type SentStep = Place & {
  readonly is: 'command' | 'line' | 'raw' | 'reconnect';
  readonly text: string;
};
export type ExpectStep = Place & {
  readonly is: 'expect';
  readonly kind: 'untagged' | 'never' | 'continuation';
  readonly pattern: string;
};
export type TaggedStep = Place & {
  readonly is: 'tagged';
  readonly statuses: readonly string[];
  readonly pattern: string;
};
export type Step = SentStep | ExpectStep | TaggedStep;

/** Whose session it is: that of the rule's own user unless it is said. */
export type Role = 'second' | 'admin';

export interface Rule {
  readonly file: string;
  /** Line where it begins. */
  readonly at: number;
  readonly source: string;
  readonly title: string;
  readonly needs: readonly string[];
  readonly mail: readonly string[];
  readonly state: 'none' | 'login' | 'selected';
  /** Sessions of somebody else, by number. */
  readonly roles: ReadonlyMap<number, Role>;
  readonly steps: readonly Step[];
  readonly differs: ReadonlyMap<string, string>;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface Draft extends Mutable<Omit<Rule, 'steps' | 'differs' | 'roles'>> {
  readonly steps: Step[];
  readonly roles: Map<number, Role>;
  readonly differs: Map<string, string>;
}

const states = ['none', 'login', 'selected'] as const;

/** @throws Error with file and line for what is no rule. */
export function parseRules(text: string, file: string): readonly Rule[] {
  const rules: Draft[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const at = index + 1;
    const fail = (why: string): never => {
      throw new Error(`${file}:${at}: ${why}: ${line}`);
    };
    if (line.trim() === '' || line.startsWith('#')) continue;
    const head = /^\[([^\]]+)\] (.+)$/.exec(line);
    if (head !== null) {
      rules.push({
        file,
        at,
        source: head[1]!,
        title: head[2]!,
        needs: [],
        mail: [],
        state: 'login',
        roles: new Map(),
        steps: [],
        differs: new Map(),
      });
      continue;
    }
    const rule = rules.at(-1) ?? fail('no rule has begun');
    if (!readField(rule, line, fail)) rule.steps.push(readStep(line, at, fail));
  }
  return rules;
}

function readField(rule: Draft, line: string, fail: (why: string) => never): boolean {
  const [, name = '', value = ''] = /^([a-z]+(?: [a-z]+)?): (.*)$/.exec(line) ?? [];
  const words = value.split(' ').filter((word) => word !== '');
  if (name === 'needs') rule.needs = words;
  else if (name === 'mail') rule.mail = words;
  else if (name === 'state') rule.state = states.find((state) => state === value) ?? fail('no such state');
  else if (name === 'as') for (const word of words) readRole(rule, word, fail);
  else if (name.startsWith('differs ')) rule.differs.set(name.slice('differs '.length), value);
  else if (name !== '') fail('no such field');
  return name !== '';
}

function readRole(rule: Draft, word: string, fail: (why: string) => never): void {
  const [, session, role] = /^([1-9])=(second|admin)$/.exec(word) ?? fail('no such role');
  rule.roles.set(Number(session), role as Role);
}

const kinds = { '*': 'untagged', '-': 'never', '+': 'continuation' } as const;

function readStep(line: string, at: number, fail: (why: string) => never): Step {
  const [, number = '', mark = '', text = ''] =
    /^(\d?)(C|R|N|>|\*|-|\+|(?:OK|NO|BAD)(?:\|(?:OK|NO|BAD))*):(?: (.*))?$/.exec(line) ?? [];
  if (mark === '') return fail('neither a field nor a step');
  const session = number === '' ? 1 : Number(number);
  if (mark === 'C') return { is: 'command', session, text, at };
  if (mark === 'R') return { is: 'raw', session, text, at };
  if (mark === 'N') return { is: 'reconnect', session, text, at };
  if (mark === '>') return { is: 'line', session, text, at };
  if (mark === '*' || mark === '-' || mark === '+')
    return { is: 'expect', kind: kinds[mark], session, pattern: text, at };
  return { is: 'tagged', statuses: mark.split('|'), session, pattern: text, at };
}
