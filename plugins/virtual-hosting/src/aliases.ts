/**
 * Addresses that stand for others: from the manifest, and from a file that may change at any time. As in the aliases files of
 * MTAs an address may name several, and what it names may be an alias again.
 */
import { readFile, stat } from 'node:fs/promises';
import type { AddressOwner, Clock, Logger } from '@angarium/sdk';
import type { DomainTable } from './domain-table.js';

/** How long a look at the file's time is good for. */
const LOOK_AGAIN_MS = 1000;
/** A file that is no aliases file should not fill the memory. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;

/** `local@domain`, `@domain`, `local`; `local@` where the domain is the default one and was left out or given. */
export type AliasTable = ReadonlyMap<string, readonly AddressOwner[]>;

/** Of one alias; lists of more are the work of a list manager. */
const MAX_TARGETS = 1000;

export function keyOf(localPart: string, domain: string | undefined): string {
  return `${localPart}@${domain ?? ''}`;
}

/** @throws Error for what is no address. */
export function parseAlias(
  address: string,
  target: string,
  domains: DomainTable,
): [string, readonly AddressOwner[]] {
  const at = address.lastIndexOf('@');
  const local = (at < 0 ? address : address.slice(0, at)).normalize('NFC').toLowerCase();
  if (/[\s:]/.test(local) || (at < 0 && local === '')) throw new Error(`"${address}" is no address`);
  const key = at < 0 ? local : keyOf(local, domains.own(address.slice(at + 1)));
  const owners = new Map(target.split(',').map((each) => [each.trim(), parseTarget(each.trim(), domains)]));
  if (owners.size > MAX_TARGETS) throw new Error(`"${address}" stands for more than ${MAX_TARGETS}`);
  return [key, [...owners.values()]];
}

/** A user id, whose case may count, with a detail. Programs, files and `:include:` are the MTA's. */
function parseTarget(target: string, domains: DomainTable): AddressOwner {
  const [, user = '', detail, domain = ''] =
    /^([^@+\s:|/"]+)(?:\+([^@\s]*))?(@[^@+\s]+)?$/.exec(target) ?? [];
  if (user === '') throw new Error(`"${target}" is no user`);
  const own = domain === '' ? undefined : domains.own(domain.slice(1));
  return { user: own === undefined ? user : `${user}@${own}`, ...(detail === undefined ? {} : { detail }) };
}

interface AliasLine {
  /** Of its beginning, from 1. */
  readonly number: number;
  readonly text: string;
}

/** A line that begins with a blank continues the one before it, as in aliases(5); `#` begins a comment. */
function logicalLines(text: string): AliasLine[] {
  const lines: { number: number; text: string }[] = [];
  text.split(/\r?\n/).forEach((line, i) => {
    const entry = line.replace(/(^|\s)#.*/, '').trim();
    if (entry === '') return;
    const last = lines.at(-1);
    if (/^\s/.test(line) && last !== undefined) last.text += ` ${entry}`;
    else lines.push({ number: i + 1, text: entry });
  });
  return lines;
}

/** One alias a line, `address: user, user`. What cannot be read is told, with its line, and left out. */
export function parseAliases(
  text: string,
  domains: DomainTable,
  complain: (line: number, reason: string) => void,
): AliasTable {
  const table = new Map<string, readonly AddressOwner[]>();
  for (const { number, text: entry } of logicalLines(text)) {
    const [, address, target] = /^(\S+?)\s*[:=]\s*(.+)$/.exec(entry) ?? [];
    try {
      if (address === undefined || target === undefined) throw new Error('not of the form "address: user"');
      const [key, owners] = parseAlias(address, target, domains);
      if (table.has(key)) throw new Error(`${address} is there twice: the first counts`);
      table.set(key, owners);
    } catch (error) {
      complain(number, (error as Error).message);
    }
  }
  return table;
}

/** A file of aliases, read again when it has changed; while it cannot be read, what was read last holds. */
export class AliasFile {
  private table: AliasTable = new Map();
  private version = '';
  private lookedMs = Number.NEGATIVE_INFINITY;
  private reading: Promise<void> | undefined;

  constructor(
    private readonly path: string,
    private readonly domains: DomainTable,
    private readonly clock: Clock,
    private readonly log: Logger,
  ) {}

  /** @throws Error when it cannot be read. */
  async open(): Promise<void> {
    await this.read();
  }

  async current(): Promise<AliasTable> {
    const now = this.clock.monotonicMs();
    if (now - this.lookedMs >= LOOK_AGAIN_MS) {
      this.reading ??= this.read()
        .catch((err: unknown) => this.log.error('the aliases file cannot be read', { path: this.path, err }))
        .finally(() => {
          this.reading = undefined;
        });
      await this.reading;
    }
    return this.table;
  }

  private async read(): Promise<void> {
    this.lookedMs = this.clock.monotonicMs();
    const { mtimeMs, size, ino } = await stat(this.path);
    const version = `${mtimeMs} ${size} ${ino}`;
    if (version === this.version) return;
    if (size > MAX_FILE_BYTES) throw new Error(`more than ${MAX_FILE_BYTES} octets`);
    const text = await readFile(this.path, 'utf8');
    this.table = parseAliases(text, this.domains, (line, reason) =>
      this.log.warn('a line of the aliases file is left out', { path: this.path, line, reason }),
    );
    this.version = version;
  }
}
