import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../support/server.js';
import { parseRules, type Rule } from './transcript/parse.js';

const folder = join(root, 'test', 'imap', 'rules');

/** All that is covered, by file. */
export function allRules(): readonly Rule[] {
  const files = readdirSync(folder).filter((file) => file.endsWith('.rules'));
  return files.sort().flatMap((file) => parseRules(readFileSync(join(folder, file), 'utf8'), file));
}
