/** Sample mail outside the repository: real and broken, under mixed licences, so it is read where it lies. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** ANGARIUM_CORPUS, or `shared/corpus` beside the checkout; undefined when neither is there. */
export function corpusFolder(): string | undefined {
  const named = process.env['ANGARIUM_CORPUS'];
  if (named !== undefined) return existsSync(named) ? named : undefined;
  let folder = dirname(fileURLToPath(import.meta.url));
  while (dirname(folder) !== folder) {
    const corpus = join(folder, 'shared', 'corpus');
    if (existsSync(corpus)) return corpus;
    folder = dirname(folder);
  }
  return undefined;
}

export interface CorpusMessage {
  /** `made/digest.eml` */
  readonly name: string;
  /** As on disk. */
  readonly raw: Buffer;
  /** With CRLF line ends, as a client sends it. */
  readonly message: Buffer;
}

/** Every `*.eml` of the corpus, sorted by name. */
export function corpusMessages(folder: string): CorpusMessage[] {
  const messages: CorpusMessage[] = [];
  for (const directory of readdirSync(folder).sort()) {
    const path = join(folder, directory);
    if (!statSync(path).isDirectory()) continue;
    for (const file of readdirSync(path).sort()) {
      if (!file.endsWith('.eml')) continue;
      const raw = readFileSync(join(path, file));
      messages.push({ name: `${directory}/${file}`, raw, message: withCrlf(raw) });
    }
  }
  return messages;
}

/** Bare LF becomes CRLF; all else stays. */
export function withCrlf(raw: Buffer): Buffer {
  return Buffer.from(raw.latin1Slice().replace(/\r?\n/g, '\r\n'), 'latin1');
}
