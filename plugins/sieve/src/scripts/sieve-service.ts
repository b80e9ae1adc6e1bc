import {
  CONFIG,
  Component,
  inject,
  injectable,
  injectOptional,
  LOGGER,
  type Logger,
  MailError,
  OUTBOUND,
  type Outbound,
  RECORDS,
  type Records,
  type SieveCheck,
  type SieveScripts,
  type UserId,
} from '@angarium/sdk';
import type { Compilation, Program } from '../compiler/compiler.js';
import type { SieveConfig } from '../config.js';
import { createLanguage } from '../extensions/index.js';
import { testResultExtensions } from '../extensions/test-results.js';
import { SieveRuntimeError } from '../language/problem.js';
import { readGlobalScripts } from './global-scripts.js';
import { hashOf, Programs } from './programs.js';
import { ScriptRecords, type Shelf } from './script-records.js';

/** Octets; RFC 5804 §1.6 wants 128 characters at least. */
const MAX_NAME = 1024;

/** The scripts of all users, and the language they are written in. */
@injectable()
export class SieveService extends Component implements SieveScripts {
  readonly extensions: readonly string[];
  readonly notifyMethods: readonly string[];
  readonly maxRedirects: number;
  readonly limits: { readonly scripts: number; readonly octets: number };
  readonly programs: Programs;
  private readonly records: ScriptRecords;
  private readonly globalScripts: ReadonlyMap<string, Uint8Array>;

  constructor(
    @inject(CONFIG) private readonly config: SieveConfig,
    @inject(RECORDS) records: Records,
    @inject(LOGGER) private readonly log: Logger,
    @injectOptional(OUTBOUND) outbound: Outbound | undefined,
  ) {
    super();
    const results = testResultExtensions(config.spamtest, config.virustest);
    const language = createLanguage(outbound !== undefined, config.without, results);
    this.programs = new Programs(language, config.cachedScripts);
    this.extensions = [...language.capabilities].sort();
    this.notifyMethods = language.capabilities.has('enotify') ? ['mailto'] : [];
    this.maxRedirects = outbound === undefined ? 0 : config.maxRedirects;
    this.limits = { scripts: config.maxScripts, octets: config.maxScriptBytes };
    this.records = new ScriptRecords(records.space('sieve/scripts'), config.maxScripts);
    this.globalScripts = readGlobalScripts(config.globalFolder);
  }

  override start(): void {
    for (const [name, octets] of this.globalScripts) {
      const [problem] = this.programs.compile(octets).problems;
      if (problem !== undefined) this.log.warn('a global script has mistakes', { script: name, ...problem });
    }
    const { defaultScript } = this.config;
    if (defaultScript !== '' && !this.globalScripts.has(defaultScript))
      this.log.warn('the default script is not there', { script: defaultScript });
  }

  async list(user: string) {
    const { active, scripts } = await this.records.shelf(user as UserId);
    return [...scripts].map(([name, octets]) => ({
      name,
      active: active?.name === name,
      octets: octets.length,
    }));
  }

  async get(user: string, name: string): Promise<Uint8Array> {
    return (await this.records.script(user as UserId, name)) ?? missing();
  }

  check(script: Uint8Array): SieveCheck {
    const { problems, warnings } =
      script.length > this.limits.octets ? tooLarge(this.limits.octets) : this.programs.compile(script);
    return { errors: problems, warnings };
  }

  async put(user: string, name: string, script: Uint8Array): Promise<SieveCheck> {
    checkName(name);
    this.checkSize(script.length);
    const check = this.check(script);
    if (check.errors.length > 0) return check;
    await this.records.change(user as UserId, (shelf) => {
      this.checkCount(shelf, name);
      const scripts = new Map([[name, script]]);
      return shelf.active?.name === name
        ? { scripts, active: { is: { name, hash: hashOf(script) } } }
        : { scripts };
    });
    return check;
  }

  async haveSpace(user: string, name: string, octets: number): Promise<void> {
    checkName(name);
    this.checkSize(octets);
    this.checkCount(await this.records.shelf(user as UserId), name);
  }

  async delete(user: string, name: string): Promise<void> {
    await this.records.change(user as UserId, ({ active, scripts }) => {
      if (!scripts.has(name)) missing();
      if (active?.name === name) throw new MailError('INUSE', 'The script is active', { temporary: false });
      return { scripts: new Map([[name, undefined]]) };
    });
  }

  async rename(user: string, from: string, to: string): Promise<void> {
    checkName(to);
    await this.records.change(user as UserId, ({ active, scripts }) => {
      const script = scripts.get(from) ?? missing();
      if (scripts.has(to)) throw new MailError('ALREADYEXISTS', 'There is a script of that name');
      const moved = new Map([
        [from, undefined],
        [to, script],
      ]);
      return active?.name === from
        ? { scripts: moved, active: { is: { ...active, name: to } } }
        : { scripts: moved };
    });
  }

  async setActive(user: string, name: string | undefined): Promise<void> {
    await this.records.change(user as UserId, ({ scripts }) => {
      if (name === undefined) return { active: { is: undefined } };
      return { active: { is: { name, hash: hashOf(scripts.get(name) ?? missing()) } } };
    });
  }

  /** The script that runs for this user's mail: the active one, else the operator's default. */
  async activeScript(
    user: UserId,
  ): Promise<{ readonly name: string; readonly compilation: Compilation } | undefined> {
    const active = await this.records.active(user);
    if (active === undefined) return this.defaultScript();
    const { name, hash } = active;
    const found = this.programs.find(hash);
    if (found !== undefined) return { name, compilation: found };
    const octets = await this.records.script(user, name);
    return octets === undefined ? undefined : { name, compilation: this.programs.compile(octets) };
  }

  /** For `include`. @throws SieveRuntimeError when it has mistakes. */
  async included(user: UserId, location: 'personal' | 'global', name: string): Promise<Program | undefined> {
    const octets =
      location === 'global' ? this.globalScripts.get(name) : await this.records.script(user, name);
    if (octets === undefined) return undefined;
    const { program, problems } = this.programs.compile(octets);
    if (program !== undefined) return program;
    throw new SieveRuntimeError(`the included script "${name}" has a mistake: ${problems[0]?.message}`);
  }

  private defaultScript() {
    const { defaultScript: name } = this.config;
    const octets = this.globalScripts.get(name);
    if (name === '' || octets === undefined) return undefined;
    return { name, compilation: this.programs.compile(octets) };
  }

  private checkSize(octets: number): void {
    const { octets: limit } = this.limits;
    if (octets > limit) throw new MailError('LIMIT', `A script may have ${limit} octets`);
  }

  private checkCount({ scripts }: Shelf, name: string): void {
    const { scripts: limit } = this.limits;
    if (!scripts.has(name) && scripts.size >= limit)
      throw new MailError('OVERQUOTA', `There may be ${limit} scripts`);
  }
}

function tooLarge(limit: number): Pick<Compilation, 'problems' | 'warnings'> {
  return { problems: [{ line: 1, column: 1, message: `a script may have ${limit} octets` }], warnings: [] };
}

/** RFC 5804 §1.6: no control characters, no line separators. */
function checkName(name: string): void {
  const isBad = /[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]/.test(name) || !name.isWellFormed();
  if (name === '' || isBad || Buffer.byteLength(name) > MAX_NAME)
    throw new MailError('CANNOT', 'That is no name for a script');
}

function missing(): never {
  throw new MailError('NONEXISTENT', 'There is no script of that name');
}
