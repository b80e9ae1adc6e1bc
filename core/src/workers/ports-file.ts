/** `run/ports.json`: where the server listens, for scripts and tests that wait for it. */
import { rmSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BoundAddress } from '../connections/listener.js';

export type Ports = Readonly<Record<string, readonly BoundAddress[]>>;

export class PortsFile {
  private readonly path: string;

  constructor(runDir: string) {
    this.path = join(runDir, 'ports.json');
  }

  /** Whole or not at all: a reader never sees half of it. */
  async write(ports: Ports): Promise<void> {
    const temporary = `${this.path}.${process.pid}`;
    await writeFile(temporary, `${JSON.stringify(ports, null, 2)}\n`);
    await rename(temporary, this.path);
  }

  remove(): void {
    rmSync(this.path, { force: true });
  }
}
