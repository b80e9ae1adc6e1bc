/**
 * Who owns a series or a spool file, and whether that process still lives. The tag names pid, start time, boot and
 * pid namespace, so that a reused pid or a reboot is not taken for the owner. In doubt (another namespace on the
 * same boot, e.g. a container that shares the folder) the owner counts as alive: that costs a series, never mail.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import { crc32 } from 'node:zlib';

export interface OwnerTag {
  readonly pid: number;
  /** Clock ticks after boot at which the process started; 0 where the system does not tell. */
  readonly start: number;
  /** Eight hex digits; '0' where the system does not tell. */
  readonly boot: string;
  /** Number of the pid namespace; '0' where the system does not tell. */
  readonly namespace: string;
}

export type IsAlive = (owner: OwnerTag) => boolean;

let own: OwnerTag | undefined;

/** This process. */
export function ownTag(): OwnerTag {
  own ??= {
    pid: process.pid,
    start: procStart(process.pid)?.start ?? 0,
    boot: bootTag(),
    namespace: namespaceTag(),
  };
  return own;
}

export function formatTag(tag: OwnerTag): string {
  return `${tag.pid}-${tag.start}-${tag.boot}-${tag.namespace}`;
}

/** The tag at the start of `text` (`-` and anything may follow), or undefined. */
export function tryParseTag(text: string): OwnerTag | undefined {
  const match = /^(\d{1,10})-(\d{1,15})-([0-9a-f]{1,8})-(\d{1,20})(?![0-9a-f])/.exec(text);
  if (match === null) return undefined;
  return { pid: Number(match[1]), start: Number(match[2]), boot: match[3]!, namespace: match[4]! };
}

/** False only when the process is certainly gone. */
export function isAlive(owner: OwnerTag): boolean {
  const self = ownTag();
  if (owner.boot !== self.boot) return false;
  if (owner.namespace !== self.namespace) return true;
  if (self.start === 0) return answersSignal(owner.pid);
  const proc = procStart(owner.pid);
  return proc !== undefined && !proc.ended && proc.start === owner.start;
}

function answersSignal(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** Fields 3 and 22 of /proc/PID/stat; the command in field 2 may hold blanks and parentheses. */
function procStart(pid: number): { start: number; ended: boolean } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { start: Number(fields[19]), ended: fields[0] === 'Z' || fields[0] === 'X' };
  } catch {
    return undefined;
  }
}

function bootTag(): string {
  try {
    return crc32(readFileSync('/proc/sys/kernel/random/boot_id')).toString(16);
  } catch {
    return '0';
  }
}

function namespaceTag(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0';
  } catch {
    return '0';
  }
}
