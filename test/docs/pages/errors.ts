/** `errors.md`: codes of MailError and of the kernel. */
import type { Inputs } from '../inputs.js';
import { byText, code, page, prose, table } from '../markdown.js';

export function errorsPage({ mailErrors, kernelErrors, modules }: Inputs): string {
  const mailError = modules
    .flatMap(({ files }) => files)
    .flatMap((file) => file.exports)
    .find(({ name }) => name === 'MailError');
  return page([
    '# Errors',
    '## MailError',
    mailError?.doc === undefined ? undefined : prose(mailError.doc),
    'Each protocol maps these codes to its own replies. “Temporary” is what the code implies: trying the same again later ' +
      'may succeed. Whoever throws one may say otherwise.',
    table(
      ['code', 'temporary', 'meaning'],
      [...mailErrors]
        .sort((a, b) => byText(a.code, b.code))
        .map((each) => [code(each.code), each.isTemporary ? 'yes' : 'no', prose(each.meaning ?? '–')]),
    ),
    '## Errors of the kernel',
    'With `--json` a command that fails prints `{"error":{"code":…,"message":…,"problems":[…]}}` on standard error.',
    table(
      ['code', 'meaning'],
      kernelErrors.map(({ code: name, meaning }) => [code(name), prose(meaning ?? '–')]),
    ),
  ]);
}
