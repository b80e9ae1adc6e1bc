/** Every house rule; each is a file with a sentence that says why. */
import { contractTokens } from './contract-tokens.js';
import { coreWords } from './core-words.js';
import { fileSize } from './file-size.js';
import { layers } from './layers.js';
import { rfcForm } from './rfc-form.js';
import { shortcuts } from './shortcuts.js';
import type { Rule, SourceFile, Violation } from './sources.js';
import { workplace } from './workplace.js';

export const rules: readonly Rule[] = [
  layers,
  coreWords,
  contractTokens,
  fileSize,
  shortcuts,
  rfcForm,
  workplace,
];

export function violations(files: readonly SourceFile[]): Violation[] {
  return files.flatMap((file) =>
    rules.flatMap((rule) =>
      rule.check(file).map((found) => ({ ...found, path: file.path, rule: rule.name })),
    ),
  );
}
