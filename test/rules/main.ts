/** Run by `npm run check`: exit status 1 when a rule is broken. */
import { violations } from './all.js';
import { readSources, repositoryRoot } from './sources.js';

const files = readSources(repositoryRoot());
const found = violations(files);
for (const { path, line, rule, text } of found) {
  process.stdout.write(`${path}${line > 0 ? `:${line}` : ''}: ${rule}: ${text}\n`);
}
process.stdout.write(`${files.length} files, ${found.length} against the house rules\n`);
process.exitCode = found.length > 0 ? 1 : 0;
