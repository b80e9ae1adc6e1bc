/** CPU time and memory of a server's whole process tree, from /proc (Linux). */
import { readdirSync, readFileSync } from 'node:fs';

interface ProcessTimes {
  readonly pid: number;
  readonly parent: number;
  /** Clock ticks: user and system, own and of children that were waited for. */
  readonly ticks: number;
}

const TICKS_PER_SECOND = 100;

function allProcesses(): ProcessTimes[] {
  const processes: ProcessTimes[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const ticks = [11, 12, 13, 14].reduce((sum, field) => sum + Number(fields[field]), 0);
      processes.push({ pid: Number(name), parent: Number(fields[1]), ticks });
    } catch {
      // It ended while we looked.
    }
  }
  return processes;
}

/** The process and all that descend from it. */
export function processTree(root: number): number[] {
  const processes = allProcesses();
  const tree = new Set([root]);
  for (let grew = true; grew; ) {
    grew = false;
    for (const { pid, parent } of processes) {
      if (!tree.has(parent) || tree.has(pid)) continue;
      tree.add(pid);
      grew = true;
    }
  }
  return [...tree];
}

/** Seconds of CPU that the tree has used until now, children that ended included. */
export function cpuSeconds(root: number): number {
  const tree = new Set(processTree(root));
  let ticks = 0;
  for (const process of allProcesses()) if (tree.has(process.pid)) ticks += process.ticks;
  return ticks / TICKS_PER_SECOND;
}

/** Proportional set size of the tree in bytes: shared pages count once. */
export function memoryBytes(root: number): number {
  let kilobytes = 0;
  for (const pid of processTree(root)) {
    try {
      kilobytes += Number(
        /^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'))?.[1] ?? 0,
      );
    } catch {
      // It ended while we looked.
    }
  }
  return kilobytes * 1024;
}

/**
 * Bytes that the tree has caused to be written to the disk until now (`/proc/PID/io`), as far as its processes still live: what is
 * overwritten in the page cache before it gets there is not among them.
 */
export function writtenBytes(root: number): number {
  let bytes = 0;
  for (const pid of processTree(root)) {
    try {
      bytes += Number(/^write_bytes: (\d+)/m.exec(readFileSync(`/proc/${pid}/io`, 'latin1'))?.[1] ?? 0);
    } catch {
      // It ended while we looked.
    }
  }
  return bytes;
}
