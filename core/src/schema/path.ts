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
  const path: (string | number)[] = [];
  const token = /\.?([A-Za-z0-9_$-]+)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/y;
  while (token.lastIndex < text.length) {
    const from = token.lastIndex;
    const found = token.exec(text);
    const hasDot = text[from] === '.';
    if (found === null || (found[1] !== undefined && hasDot === (path.length === 0))) {
      throw new Error(`"${text}" is not a path (as in plugins.NAME.listen[0].port) at position ${from + 1}`);
    }
    if (found[1] !== undefined) path.push(found[1]);
    else if (found[2] !== undefined) path.push(Number(found[2]));
    else path.push(JSON.parse(found[3]!) as string);
  }
  if (path.length === 0) throw new Error('the path is empty');
  return path;
}
