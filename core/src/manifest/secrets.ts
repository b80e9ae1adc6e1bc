/** Secrets stand in the manifest by the place where they are kept: `{ $secret: "file:PATH" }` or `{ $secret: "env:NAME" }`. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Problem } from '../errors.js';
import { type DataPath, formatPath } from '../schema/path.js';

export interface SecretPlaces {
  /** Relative paths start here. */
  readonly dir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A copy with every secret in place of its reference. Never to be shown. */
export function resolveSecrets(
  value: unknown,
  places: SecretPlaces,
  problems: (Problem & { path: DataPath })[],
  path: DataPath = [],
): unknown {
  if (Array.isArray(value)) {
    return value.map((item, index) => resolveSecrets(item, places, problems, [...path, index]));
  }
  if (typeof value !== 'object' || value === null) return value;
  const reference = secretReference(value);
  if (reference !== undefined) {
    try {
      return readSecret(reference, places);
    } catch (error) {
      problems.push({ path, text: `${formatPath(path)}: ${(error as Error).message}` });
      return '';
    }
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, resolveSecrets(item, places, problems, [...path, key])]),
  );
}

function secretReference(value: object): string | undefined {
  const keys = Object.keys(value);
  const reference = (value as Record<string, unknown>)['$secret'];
  return keys.length === 1 && typeof reference === 'string' ? reference : undefined;
}

function readSecret(reference: string, { dir, env }: SecretPlaces): string {
  const [kind, name] = [
    reference.slice(0, reference.indexOf(':')),
    reference.slice(reference.indexOf(':') + 1),
  ];
  if (kind === 'env') {
    const found = env[name];
    if (found === undefined) throw new Error(`the environment has no ${name}`);
    return found;
  }
  if (kind !== 'file') throw new Error(`"${reference}" must start with file: or env:`);
  try {
    return readFileSync(resolve(dir, name), 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    throw new Error(`cannot read the secret: ${(error as Error).message}`);
  }
}
