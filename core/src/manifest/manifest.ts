/** Reads angarium.yaml: overrides applied, validated, defaults filled in. Everything wrong is told at once. */
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { errorText, type Problem } from '../errors.js';
import type { SchemaFault } from '../schema/explain.js';
import type { DataPath } from '../schema/path.js';
import { manifestSchema } from '../schema/published.js';
import { compileSchema, type Validate } from '../schema/validator.js';
import { LocatedDocument } from './document.js';
import { applyOverride, type Override, parseOverride } from './overrides.js';

export interface TlsSettings {
  readonly certificate?: string;
  readonly key?: string;
  readonly clientAuthorities?: string;
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  readonly names: readonly {
    readonly names: readonly string[];
    readonly certificate: string;
    readonly key: string;
  }[];
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** As in schemas/manifest.schema.json, which describes each. Paths are as written: relative to the manifest's folder. */
export interface Settings {
  readonly data: string;
  readonly workers?: number;
  readonly serverName?: string;
  readonly tls: TlsSettings;
  readonly log: { readonly level: LogLevel; readonly format: 'auto' | 'pretty' | 'json' };
  readonly limits: {
    readonly connections: number;
    readonly perAddress: number;
    readonly startSeconds: number;
    readonly stopSeconds: number;
    readonly drainSeconds: number;
    readonly hookBudgetMs: number;
    readonly hookLimitMs: number;
  };
  readonly plugins: Readonly<Record<string, Readonly<Record<string, unknown>> | null>>;
}

export interface ManifestSource {
  /** Path of the file, relative to `cwd`. */
  readonly file: string;
  /** What the file is taken to hold, instead of reading it: so that a server keeps to what it has validated. */
  readonly text?: string;
  /** `PATH=VALUE`, in the order given. */
  readonly sets?: readonly string[];
  /** `--data`, relative to `cwd`. */
  readonly dataDir?: string;
  /** For ANGARIUM_DATA and secrets; default: the process's. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
}

export interface Manifest {
  /** Absolute. */
  readonly file: string;
  /** Absolute; relative paths of the manifest start here. */
  readonly dir: string;
  /** Absolute. */
  readonly dataDir: string;
  readonly settings: Settings;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly problems: readonly Problem[];
  /** Makes a problem of a value of the manifest: the place in the file, or the --set that gave it. */
  problemAt(
    path: DataPath,
    text: string,
    options?: { readonly key?: string; readonly hint?: string },
  ): Problem;
}

const sections = ['tls', 'log', 'limits', 'plugins'] as const;

let validateSettings: Validate | undefined;

/** Never throws for what the operator wrote: see `problems`; the settings are then as good as can be. */
export function readManifest(source: ManifestSource): Manifest {
  const { env = process.env, cwd = process.cwd() } = source;
  const file = resolve(cwd, source.file);
  const problems: Problem[] = [];
  const document = openDocument(file, source.text, problems);
  const overrides = parseOverrides(source.sets ?? [], problems);
  const root = isMapping(document?.value) ? document.value : {};
  if (document?.value != null && !isMapping(document.value)) {
    problems.push({ file, ...document.locate([]), text: 'the manifest must be a mapping (key: value)' });
  }
  const problemAt: Manifest['problemAt'] = (path, text, { key, hint } = {}) => {
    const place = placeOf(path, key, document, overrides);
    const prefix = place.override === undefined ? '' : `--set ${place.override.source}: `;
    return { ...place.position, text: prefix + text, ...(hint !== undefined && { hint }) };
  };
  // A section whose lines are all commented out is an absent one.
  for (const key of sections) if (root[key] === null) delete root[key];
  problems.push(...apply(root, overrides));
  validateSettings ??= compileSchema(manifestSchema);
  problems.push(...validateSettings(root).map((fault) => faultProblem(fault, problemAt)));
  const settings = usable(root);
  const dir = dirname(file);
  const chosen = source.dataDir ?? (env['ANGARIUM_DATA'] || undefined);
  const dataDir = chosen === undefined ? resolve(dir, settings.data) : resolve(cwd, chosen);
  return { file, dir, dataDir, settings, env, problems, problemAt };
}

/** Sockets and pid files. */
export function runDirOf(manifest: Pick<Manifest, 'dataDir'>): string {
  return join(manifest.dataDir, 'run');
}

export function faultProblem(
  fault: SchemaFault,
  problemAt: Manifest['problemAt'],
  prefix: DataPath = [],
): Problem {
  const { path, key, text, hint } = fault;
  return problemAt([...prefix, ...path], text, {
    ...(key !== undefined && { key }),
    ...(hint !== undefined && { hint }),
  });
}

/** The manifest's own first, by place in the file; what has none comes last. */
export function sortProblems(problems: readonly Problem[], manifestFile: string): Problem[] {
  const last = Number.MAX_SAFE_INTEGER;
  const rank = ({ file }: Problem): string =>
    file === manifestFile ? '0' : file === undefined ? '2' : `1${file}`;
  const order = new Intl.Collator('en');
  return problems.toSorted(
    (a, b) =>
      order.compare(rank(a), rank(b)) ||
      (a.line ?? last) - (b.line ?? last) ||
      (a.column ?? last) - (b.column ?? last),
  );
}

function openDocument(
  file: string,
  given: string | undefined,
  problems: Problem[],
): LocatedDocument | undefined {
  let text: string;
  try {
    text = given ?? readFileSync(file, 'utf8');
  } catch (error) {
    const isAbsent = (error as NodeJS.ErrnoException).code === 'ENOENT';
    problems.push(
      isAbsent
        ? { file, text: 'there is no such file', hint: 'name the manifest with -c FILE' }
        : { file, text: `cannot be read: ${errorText(error)}` },
    );
    return undefined;
  }
  const document = new LocatedDocument(file, text);
  problems.push(...document.problems);
  return document;
}

function parseOverrides(sources: readonly string[], problems: Problem[]): Override[] {
  return sources.flatMap((source) => {
    try {
      return [parseOverride(source)];
    } catch (error) {
      problems.push({ text: errorText(error) });
      return [];
    }
  });
}

function apply(root: Record<string, unknown>, overrides: readonly Override[]): Problem[] {
  return overrides.flatMap((override) => {
    try {
      applyOverride(root, override);
      return [];
    } catch (error) {
      return [{ text: errorText(error) }];
    }
  });
}

function placeOf(
  path: DataPath,
  key: string | undefined,
  document: LocatedDocument | undefined,
  overrides: readonly Override[],
): { override?: Override; position: { file?: string; line?: number; column?: number } } {
  const full = key === undefined ? path : [...path, key];
  const override = overrides.findLast(({ path: set }) => set.every((step, index) => full[index] === step));
  if (override !== undefined) return { override, position: {} };
  if (document === undefined) return { position: {} };
  return { position: { file: document.file, ...document.locate(path, key) } };
}

/** With problems the settings are not used to serve; but what reads them further (plugins) must not stumble. */
function usable(root: Record<string, unknown>): Settings {
  const defaults: Record<string, unknown> = {};
  validateSettings?.(defaults);
  const merged = { ...defaults, ...root };
  for (const key of sections) {
    if (!isMapping(merged[key])) merged[key] = defaults[key];
  }
  if (typeof merged['data'] !== 'string') merged['data'] = defaults['data'];
  return merged as unknown as Settings;
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
