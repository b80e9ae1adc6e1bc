/**
 * Which process holds a lock, and does it live? Exact among the processes of one data folder, which the kernel gives to one server at
 * a time: a process is known by its id and the moment it began, so that an id that is used again is nobody's proof of life.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { folderKey } from '@angarium/sdk';

/** As it is written into the lock. */
export interface Holder {
  /** Of the data folder. */
  readonly server: string;
  readonly pid: number;
  /** When the process began, as the system tells it; '' where it does not. */
  readonly began: string;
  /** Of the session. */
  readonly token: string;
}

/** 'elsewhere': a process of another server on the same store, which cannot be asked. */
export type Life = 'alive' | 'dead' | 'elsewhere';

export class Process {
  readonly server: string;
  private readonly began = beginningOf(process.pid) ?? '';

  constructor(dataDir: string) {
    this.server = createHash('sha256').update(folderKey(dataDir, 'pop3-server')).digest('hex').slice(0, 16);
  }

  holder(token: string): Holder {
    return { server: this.server, pid: process.pid, began: this.began, token };
  }

  /** @param isHeld does this process know of that session? */
  lifeOf({ server, pid, began, token }: Holder, isHeld: (token: string) => boolean): Life {
    if (server !== this.server) return 'elsewhere';
    if (pid === process.pid && began === this.began) return isHeld(token) ? 'alive' : 'dead';
    const now = beginningOf(pid);
    if (now === undefined) return 'dead';
    return began === '' || now === '' || now === began ? 'alive' : 'dead';
  }
}

/** Undefined: there is no such process, or only what is left of it. '': it is there, and nobody says since when. */
function beginningOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    return `${bootId()}:${fields[19]}`;
  } catch {
    return exists(pid) ? '' : undefined;
  }
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    return '';
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Undefined for what is no holder. */
export function parseHolder(value: Uint8Array): Holder | undefined {
  try {
    const holder = JSON.parse(Buffer.from(value).toString('utf8')) as Partial<Holder>;
    const isHolder =
      typeof holder.server === 'string' &&
      Number.isInteger(holder.pid) &&
      typeof holder.began === 'string' &&
      typeof holder.token === 'string';
    return isHolder ? (holder as Holder) : undefined;
  } catch {
    return undefined;
  }
}
