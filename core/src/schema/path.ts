/** Where in a document: keys and list indexes from the root. */

export type DataPath = readonly (string | number)[];

/** A JSON pointer; steps into lists become numbers. */
export function parsePointer(pointer: string, root: unknown): DataPath {
  if (pointer === '') return [];
  let current = root;
  return pointer
    .slice(1)
    .split('/')
    .map((part) => {
      const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
      const step = Array.isArray(current) ? Number(key) : key;
      current = (current as Record<string | number, unknown> | undefined)?.[step];
      return step;
    });
}

/** `plugins.x.listen[0].port`; keys that are no plain words are quoted. Read back by `parsePath`. */
export function formatPath(path: DataPath): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (/^[A-Za-z0-9_$-]+$/.test(step)) text += text === '' ? step : `.${step}`;
    else text += `[${JSON.stringify(step)}]`;
  }
  return text;
}

/** @throws Error that says what is wrong with the path. */
export function parsePath(text: string): DataPath {
  const { path, end } = scanPath(text);
  if (end < text.length || path.length === 0) {
    throw new Error(`"${text}" is not a path (as in plugins.NAME.listen[0].port) at position ${end + 1}`);
  }
  return path;
}

/** The longest path that `text` begins with, and where it ends. */
export function scanPath(text: string): { readonly path: DataPath; readonly end: number } {
  const path: (string | number)[] = [];
  const token = /\.?([A-Za-z0-9_$-]+)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/y;
  let end = 0;
  while (end < text.length) {
    token.lastIndex = end;
    const found = token.exec(text);
    const [, word, index, quoted] = found ?? [];
    const hasDot = text[end] === '.';
    if (found === null || (word !== undefined && hasDot === (path.length === 0))) break;
    const step = word ?? (index === undefined ? unquoted(quoted!) : Number(index));
    if (step === undefined) break;
    path.push(step);
    end = token.lastIndex;
  }
  return { path, end };
}

function unquoted(text: string): string | undefined {
  try {
    return JSON.parse(text) as string;
  } catch {
    return undefined;
  }
}
