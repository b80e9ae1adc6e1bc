/** What a kernel in a test stands on: a folder that goes away, a log that is kept, a host without sockets. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Host, LogFields, Logger } from '@angarium/sdk';

/** A fresh folder below the system's temporary one; dispose removes it with all that is in it. */
export function temporaryFolder(prefix = 'angarium-'): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), prefix));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly text: string;
  readonly fields: LogFields;
}

/** Keeps every line, for tests that look at the log. */
export class RecordingLogger implements Logger {
  constructor(
    readonly lines: LogLine[] = [],
    private readonly base: LogFields = {},
  ) {}

  debug(text: string, fields: LogFields = {}): void {
    this.write('debug', text, fields);
  }
  info(text: string, fields: LogFields = {}): void {
    this.write('info', text, fields);
  }
  warn(text: string, fields: LogFields = {}): void {
    this.write('warn', text, fields);
  }
  error(text: string, fields: LogFields = {}): void {
    this.write('error', text, fields);
  }
  child(fields: LogFields): Logger {
    return new RecordingLogger(this.lines, { ...this.base, ...fields });
  }

  private write(level: LogLine['level'], text: string, fields: LogFields): void {
    this.lines.push({ level, text, fields: { ...this.base, ...fields } });
  }
}

/** A host for one process. Announcements are collected. */
export function testHost(
  dataDir: string,
  overrides: Partial<Host> = {},
): Host & { readonly announcements: string[] } {
  const announcements: string[] = [];
  return {
    role: 'server',
    workerId: 1,
    isLeader: true,
    dataDir,
    runDir: join(dataDir, 'run'),
    serverName: 'test.example',
    version: '0.0.0-test',
    plugins: [],
    announce: (text) => announcements.push(text),
    announcements,
    ...overrides,
  };
}
