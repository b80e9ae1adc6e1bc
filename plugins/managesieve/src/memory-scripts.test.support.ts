/** The contract `sieve-scripts` in memory, with a language of one rule: a line with `error` is one, a line with `warning` warns. */
import {
  definePlugin,
  injectable,
  MailError,
  provide,
  SIEVE_SCRIPTS,
  type SieveCheck,
  type SieveScripts,
} from '@angarium/sdk';

interface Folder {
  readonly scripts: Map<string, Uint8Array>;
  active: string | undefined;
}

@injectable()
export class MemoryScripts implements SieveScripts {
  readonly extensions: readonly string[] = ['envelope', 'fileinto', 'vacation'];
  readonly notifyMethods: readonly string[] = ['mailto'];
  readonly maxRedirects = 5;
  readonly limits = { scripts: 3, octets: 100_000 };
  private readonly folders = new Map<string, Folder>();

  async list(user: string) {
    const { scripts, active } = this.folder(user);
    return [...scripts].map(([name, { length }]) => ({ name, active: name === active, octets: length }));
  }

  async get(user: string, name: string): Promise<Uint8Array> {
    return this.folder(user).scripts.get(name) ?? missing();
  }

  check(script: Uint8Array): SieveCheck {
    const lines = Buffer.from(script).toString('utf8').split('\n');
    const found = (word: string) =>
      lines.flatMap((text, i) => {
        const at = text.indexOf(word);
        return at < 0 ? [] : [{ line: i + 1, column: at + 1, message: `"${word}" is there` }];
      });
    return { errors: found('error'), warnings: found('warning') };
  }

  async put(user: string, name: string, script: Uint8Array): Promise<SieveCheck> {
    const check = this.check(script);
    if (check.errors.length > 0) return check;
    await this.haveSpace(user, name, script.length);
    this.folder(user).scripts.set(name, Uint8Array.from(script));
    return check;
  }

  async haveSpace(user: string, name: string, octets: number): Promise<void> {
    const { scripts } = this.folder(user);
    if (octets > this.limits.octets) throw new MailError('OVERQUOTA', 'Too large');
    if (name === 'broken') throw new Error('a fault of ours');
    if (name === 'later') throw new MailError('UNAVAILABLE', 'Not now');
    if (name === 'full') throw new MailError('OVERQUOTA', 'Over quota');
    if (!scripts.has(name) && scripts.size >= this.limits.scripts)
      throw new MailError('LIMIT', 'Too many scripts');
  }

  async delete(user: string, name: string): Promise<void> {
    const folder = this.folder(user);
    if (name === 'busy') throw new MailError('INUSE', 'Somebody else is at work');
    if (!folder.scripts.has(name)) missing();
    if (folder.active === name) throw new MailError('INUSE', 'It is active');
    folder.scripts.delete(name);
  }

  async rename(user: string, from: string, to: string): Promise<void> {
    const folder = this.folder(user);
    const script = folder.scripts.get(from) ?? missing();
    if (folder.scripts.has(to)) throw new MailError('ALREADYEXISTS', 'The name is taken');
    folder.scripts.delete(from);
    folder.scripts.set(to, script);
    if (folder.active === from) folder.active = to;
  }

  async setActive(user: string, name: string | undefined): Promise<void> {
    const folder = this.folder(user);
    if (name !== undefined && !folder.scripts.has(name)) missing();
    folder.active = name;
  }

  private folder(user: string): Folder {
    let folder = this.folders.get(user);
    if (folder === undefined) this.folders.set(user, (folder = { scripts: new Map(), active: undefined }));
    return folder;
  }
}

function missing(): never {
  throw new MailError('NONEXISTENT', 'There is no script by that name');
}

/** For createTestKernel. */
export const memoryScripts = {
  name: 'memory-scripts',
  manifest: { provides: ['sieve-scripts@1'] },
  definition: definePlugin({ provides: [provide(SIEVE_SCRIPTS, MemoryScripts)] }),
};
