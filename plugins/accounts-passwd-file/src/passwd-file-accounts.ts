import { resolve } from 'node:path';
import {
  ACCOUNT_SOURCES,
  ACCOUNTS,
  type Account,
  type AccountSource,
  type Accounts,
  CLOCK,
  type Clock,
  CONFIG,
  Component,
  HOST,
  type Host,
  inject,
  injectable,
  LOGGER,
  type Logger,
  PASSWORD_SCHEMES,
  PASSWORD_SOURCES,
  type PasswordSchemes,
  type PasswordSource,
  type PasswordVerdict,
  type Registry,
  readPasswdAndShadow,
  readPasswdFile,
  type ScramHash,
  type ScramKeys,
  type ScramParameters,
  type UserId,
  unavailableError,
} from '@angarium/sdk';
import type { PasswdFileConfig } from './config.js';
import { FollowedFiles } from './followed-files.js';
import { type People, pageOf, peopleOf, readGroups } from './people.js';

/** Lines that the log names. */
const SHOWN_PROBLEMS = 10;

@injectable()
export class PasswdFileAccounts extends Component implements AccountSource, PasswordSource {
  readonly name = 'passwd-file';
  private readonly files: FollowedFiles<People>;

  constructor(
    @inject(CONFIG) private readonly config: PasswdFileConfig,
    @inject(HOST) host: Host,
    @inject(CLOCK) clock: Clock,
    @inject(LOGGER) private readonly log: Logger,
    @inject(ACCOUNTS) private readonly accounts: Accounts,
    @inject(PASSWORD_SCHEMES) private readonly schemes: PasswordSchemes,
    @inject(ACCOUNT_SOURCES) private readonly accountSources: Registry<AccountSource>,
    @inject(PASSWORD_SOURCES) private readonly passwordSources: Registry<PasswordSource>,
  ) {
    super();
    const { file, shadow, group } = config;
    const paths = [file, shadow, group]
      .filter((path) => path !== undefined)
      .map((path) => resolve(host.dataDir, path));
    this.files = new FollowedFiles(
      paths,
      (texts) => this.read(texts),
      () => clock.monotonicMs(),
    );
  }

  override start(): void {
    this.own(this.accountSources.add(this));
    this.own(this.passwordSources.add(this));
  }

  async find(user: UserId): Promise<Account | undefined> {
    return (await this.people()).byUser.get(user)?.account;
  }

  async list(query: { readonly domain?: string; readonly after?: UserId; readonly limit: number }) {
    return pageOf(await this.people(), query);
  }

  async verify(user: UserId, password: string): Promise<PasswordVerdict> {
    const person = (await this.people()).byUser.get(user);
    // Without a password here, another source may know one.
    if (person?.encoded === undefined) {
      await this.schemes.verifyNothing(password);
      return 'unknown';
    }
    return (await this.schemes.verify(person.encoded, password)) ? 'right' : 'wrong';
  }

  async scramKeys(user: UserId, hash: ScramHash): Promise<ScramKeys | undefined> {
    const encoded = (await this.people()).byUser.get(user)?.encoded;
    return encoded === undefined ? undefined : this.schemes.scramKeys(encoded, hash);
  }

  scramParameters(hash: ScramHash): ScramParameters | undefined {
    const { scram } = this.config;
    return scram?.hashes.includes(hash) ? scram : undefined;
  }

  /** @throws MailError UNAVAILABLE */
  private async people(): Promise<People> {
    try {
      return await this.files.get();
    } catch (error) {
      this.log.error('the file with the accounts cannot be read', { file: this.config.file, err: error });
      throw unavailableError('Accounts cannot be asked now', error);
    }
  }

  private read(texts: readonly string[]): People {
    const { shadow, group, domain, defaultScheme } = this.config;
    const [file = '', ...others] = texts;
    const hashes = shadow === undefined ? undefined : others.shift();
    const groups = readGroups(group === undefined ? '' : (others[0] ?? ''));
    const found = hashes === undefined ? readPasswdFile(file) : readPasswdAndShadow(file, hashes);
    const people = peopleOf(found, {
      domain,
      defaultScheme,
      groups,
      normalise: (name) => this.accounts.normalise(name),
    });
    const { problems } = people;
    if (problems.length > 0) {
      const fields = {
        file: this.config.file,
        count: problems.length,
        problems: problems.slice(0, SHOWN_PROBLEMS),
      };
      this.log.warn('lines of the file with the accounts are passed over', fields);
    }
    return people;
  }
}
