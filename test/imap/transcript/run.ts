/** Plays a rule against a server, ours or another. */
import { ImapTestClient } from '@angarium/testing';
import { mails } from '../mails.js';
import { matches, type Variables } from './match.js';
import type { ExpectStep, Role, Rule, Step, TaggedStep } from './parse.js';

export interface Person {
  readonly user: string;
  readonly password: string;
}

/** A server and somebody to be there; rules that need somebody else are left out where there is nobody. */
export interface Target extends Person, Partial<Readonly<Record<Role, Person>>> {
  readonly host: string;
  readonly port: number;
}

/** 'lacks': the server does not offer what the rule needs. */
export type Verdict =
  | { readonly is: 'kept' }
  | { readonly is: 'lacks'; readonly capability: string }
  | { readonly is: 'broken'; readonly at: number; readonly why: string };

class Mismatch extends Error {
  constructor(
    readonly at: number,
    why: string,
  ) {
    super(why);
  }
}

/** One connection, with what it has heard since its last command. */
class Session {
  private heard: string[] = [];
  private never: { readonly pattern: string; readonly at: number }[] = [];
  private tagged: string | undefined;
  private tags = 0;

  constructor(
    private readonly client: ImapTestClient,
    private readonly variables: Variables,
  ) {}

  async command(text: string, at: number): Promise<void> {
    const tag = this.begin();
    const pieces = this.fill(text).split(/<<(.*?)>>/s);
    let line = `${tag} `;
    for (const [index, piece] of pieces.entries()) {
      if (index % 2 === 0) {
        line += piece;
        continue;
      }
      const literal = octetsOf(piece);
      this.client.send(`${line}{${literal.length}}\r\n`);
      line = '';
      const answer = await this.until((response) => response.startsWith('+'), at);
      if (answer === undefined) return;
      this.client.send(literal);
    }
    this.client.send(`${line}\r\n`);
  }

  /** A new command's tag; what the last one has brought is forgotten. */
  private begin(): string {
    this.heard = [];
    this.never = [];
    this.tagged = undefined;
    return `r${++this.tags}`;
  }

  raw(text: string): void {
    const tag = this.begin();
    this.client.send(octetsOf(this.fill(text).replaceAll('{tag}', tag)));
  }

  line(text: string): void {
    this.client.sendLine(octetsOf(this.fill(text)));
  }

  async expect(step: ExpectStep): Promise<void> {
    const pattern = this.fill(step.pattern).replaceAll('\\r\\n', '\r\n');
    if (step.kind === 'never') {
      this.never.push({ pattern, at: step.at });
      return;
    }
    const prefix = step.kind === 'untagged' ? '* ' : '+';
    const isIt = (response: string): boolean =>
      response.startsWith(prefix) &&
      (step.kind === 'continuation' || matches(pattern, response.slice(2), this.variables));
    const at = this.heard.findIndex(isIt);
    if (at >= 0) this.heard.splice(at, 1);
    else if ((await this.until(isIt, step.at)) === undefined)
      throw new Mismatch(
        step.at,
        `expected ${prefix}${pattern}, got ${JSON.stringify([...this.heard, this.tagged])}`,
      );
  }

  async end(step: TaggedStep): Promise<void> {
    const all = this.heard;
    await this.until(() => false, step.at);
    const [, status = '', text = ''] = /^\S+ (\S+) ?(.*)$/s.exec(this.tagged ?? '') ?? [];
    const pattern = this.fill(step.pattern);
    const isRight =
      step.statuses.includes(status) &&
      (pattern === '' || matches(`${status} ${pattern}`, `${status} ${text}`, this.variables));
    if (!isRight)
      throw new Mismatch(
        step.at,
        `expected ${step.statuses.join('|')} ${pattern}, got ${this.tagged} after ${JSON.stringify(all)}`,
      );
    for (const { pattern: unwanted, at } of this.never) {
      const found = all.find((response) => matches(unwanted, response.slice(2), new Map(this.variables)));
      if (found !== undefined)
        throw new Mismatch(at, `did not want ${unwanted}, got ${JSON.stringify(found)}`);
    }
  }

  destroy(): void {
    this.client.destroy();
  }

  /** Reads on until a response is it; undefined when the tagged answer has come. What is passed by is kept. */
  private async until(isIt: (response: string) => boolean, at: number): Promise<string | undefined> {
    while (this.tagged === undefined) {
      const response = await this.client.response().catch((error: Error) => {
        throw new Mismatch(at, error.message);
      });
      if (response.startsWith(`r${this.tags} `)) this.tagged = response;
      else if (isIt(response)) return response;
      else this.heard.push(response);
    }
    return undefined;
  }

  private fill(text: string): string {
    return text.replace(/\{(\w+)\}/g, (whole, name) => this.variables.get(name) ?? whole);
  }
}

/** `\r`, `\n`, `\t`, `\\` and `\xNN`, as in source text; anything else stays. UTF-8 becomes its octets. */
export function octetsOf(text: string): string {
  return Buffer.from(text, 'utf8')
    .toString('latin1')
    .replace(/\\(?:x([0-9a-f]{2})|([rnt\\]))/gi, (_, hex: string | undefined, name: string) =>
      hex === undefined
        ? { r: '\r', n: '\n', t: '\t', '\\': '\\' }[name.toLowerCase()]!
        : String.fromCharCode(Number.parseInt(hex, 16)),
    );
}

/**
 * `{box}` is a mailbox of this rule's own; `{other}` a name that is free, `{prefix}` what personal names begin with, `{full}` the
 * mailbox as others see it.
 */
async function prepare(client: ImapTestClient, rule: Rule, target: Target): Promise<Variables> {
  const { untagged } = await client.ok('NAMESPACE');
  const [, prefix = '', sep = '.'] = /NAMESPACE \(\("([^"]*)" "(.)"/.exec(untagged.join('\n')) ?? [];
  const [, others = `user${sep}`] = /NAMESPACE \(\(.*?\)\) \(\("([^"]*)"/.exec(untagged.join('\n')) ?? [];
  const name = `${prefix}${rule.file.replace(/\W.*/, '')}${rule.at}`;
  const variables = new Map([
    ['box', name],
    ['other', `${name}other`],
    ['prefix', prefix],
    ['full', `${others}${target.user}${sep}${name.slice(prefix.length)}`],
    ['sep', sep],
    ['user', target.user],
    ['password', target.password],
    ['second', target.second?.user ?? ''],
    ['admin', target.admin?.user ?? ''],
  ]);
  // What an earlier run against the same server has left.
  for (const box of [name, `${name}other`, `${name}${sep}sub`, `${name}other${sep}sub`].reverse())
    await client.command(`DELETE ${box}`);
  await client.ok(`CREATE ${name}`);
  for (const [index, mail] of rule.mail.entries()) {
    const message = mails[mail];
    if (message === undefined) throw new Error(`${rule.file}:${rule.at}: no mail ${mail}`);
    const date = `"${index + 11}-Feb-2026 12:00:00 +0000"`;
    const { status, text } = await client.withLiterals(`APPEND ${name} ${date} `, message);
    if (status !== 'OK') throw new Error(`APPEND ${mail}: ${text}`);
  }
  return variables;
}

async function capabilitiesOf(client: ImapTestClient): Promise<string> {
  return (await client.ok('CAPABILITY')).untagged.join(' ');
}

/** Connected, and in the state where a rule begins. */
async function connect(rule: Rule, target: Target, number: number, box: string): Promise<ImapTestClient> {
  const client = await ImapTestClient.connect(target.port, target.host);
  const { user, password } = personOf(rule, target, number)!;
  if (rule.state === 'none') await client.response();
  else await client.login(user, password);
  if (rule.state === 'selected' && !rule.roles.has(number)) await client.ok(`SELECT ${box}`);
  return client;
}

function personOf(rule: Rule, target: Target, number: number): Person | undefined {
  const role = rule.roles.get(number);
  return role === undefined ? target : target[role];
}

/** `APPENDLIMIT=` is there with any value. */
function isOffered(need: string, offered: ReadonlySet<string>): boolean {
  return offered.has(need) || (need.endsWith('=') && [...offered].some((one) => one.startsWith(need)));
}

/** What the server or the target has not of what the rule needs. */
function missingFor(rule: Rule, target: Target, capabilities: string): string | undefined {
  const offered = new Set(capabilities.toUpperCase().split(' '));
  const role = [...rule.roles].find(([number]) => personOf(rule, target, number) === undefined);
  return rule.needs.find((need) => !isOffered(need.toUpperCase(), offered)) ?? role?.[1];
}

export async function runRule(rule: Rule, target: Target): Promise<Verdict> {
  const helper = await ImapTestClient.connect(target.port, target.host);
  const sessions = new Map<number, Session>();
  try {
    await helper.response();
    const before = await capabilitiesOf(helper);
    await helper.ok(`LOGIN ${target.user} ${target.password}`);
    const missing = missingFor(rule, target, `${before} ${await capabilitiesOf(helper)}`);
    if (missing !== undefined) return { is: 'lacks', capability: missing };
    const variables = await prepare(helper, rule, target);
    const open = async (number: number): Promise<void> => {
      const client = await connect(rule, target, number, variables.get('box')!);
      sessions.get(number)?.destroy();
      sessions.set(number, new Session(client, variables));
    };
    for (const number of new Set(rule.steps.map(({ session }) => session))) await open(number);
    for (const step of rule.steps) {
      if (step.is === 'reconnect') await open(step.session);
      else await play(sessions.get(step.session)!, step);
    }
    return { is: 'kept' };
  } catch (error) {
    if (error instanceof Mismatch) return { is: 'broken', at: error.at, why: error.message };
    throw error;
  } finally {
    helper.destroy();
    for (const session of sessions.values()) session.destroy();
  }
}

async function play(session: Session, step: Step): Promise<void> {
  if (step.is === 'tagged') await session.end(step);
  else if (step.is === 'expect') await session.expect(step);
  else if (step.is === 'command') await session.command(step.text, step.at);
  else if (step.is === 'raw') session.raw(step.text);
  else session.line(step.text);
}
