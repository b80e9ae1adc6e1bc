/** `--set PATH=VALUE`: one value of the manifest, for one run. VALUE is YAML, so numbers and lists are what they look like. */
import { parse } from 'yaml';
import { type DataPath, parsePath, scanPath } from '../schema/path.js';

export interface Override {
  readonly path: DataPath;
  readonly value: unknown;
  /** As the operator wrote it. */
  readonly source: string;
}

/** @throws Error that says what is wrong. */
export function parseOverride(source: string): Override {
  // A quoted key may have an equals sign of its own.
  const { end } = scanPath(source);
  const at = source[end] === '=' ? end : source.indexOf('=');
  if (at < 0) throw new Error(`--set ${source}: expected PATH=VALUE`);
  try {
    return { path: parsePath(source.slice(0, at).trim()), value: parse(source.slice(at + 1)), source };
  } catch (error) {
    throw new Error(`--set ${source}: ${(error as Error).message.split('\n')[0]}`);
  }
}

type Container = Record<string | number, unknown>;

/** Changes `root` in place; mappings on the way are made. @throws Error when a step does not fit what is there. */
export function applyOverride(root: Container, { path, value, source }: Override): void {
  let current: Container = root;
  for (const [index, step] of path.entries()) {
    checkStep(current, step, source);
    if (index === path.length - 1) set(current, step, value);
    else {
      if (current[step] === null || !Object.hasOwn(current, step)) {
        set(current, step, typeof path[index + 1] === 'number' ? [] : {});
      }
      current = current[step] as Container;
    }
  }
}

function checkStep(current: Container, step: string | number, source: string): void {
  const shown = JSON.stringify(step);
  if (typeof current !== 'object' || current === null) {
    throw new Error(`--set ${source}: there is no ${shown} in a plain value`);
  }
  if (Array.isArray(current) !== (typeof step === 'number')) {
    const found = Array.isArray(current) ? 'a list, which takes [0], [1], …' : 'a mapping, which takes names';
    throw new Error(`--set ${source}: ${shown} does not fit, this is ${found}`);
  }
  if (Array.isArray(current) && (step as number) > current.length) {
    throw new Error(`--set ${source}: the list has ${current.length} entries; [${current.length}] adds one`);
  }
}

/** Also for keys such as `__proto__`, which become ordinary (and then unknown) options. */
function set(container: Container, step: string | number, value: unknown): void {
  Object.defineProperty(container, step, { value, writable: true, enumerable: true, configurable: true });
}
