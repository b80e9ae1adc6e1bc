/** What scripts may require here, each in a file of its own. */
import type { SieveExtension } from '../compiler/extension.js';
import { Language } from '../compiler/language.js';
import {
  baseActions,
  copyExtension,
  encodedCharacterExtension,
  fileintoExtension,
  indexExtension,
  redirectAction,
} from './base-actions.js';
import { baseTests, envelopeExtension } from './base-tests.js';
import { bodyExtension } from './body.js';
import { dateExtension } from './date.js';
import { duplicateExtension } from './duplicate.js';
import { editheaderExtension } from './editheader.js';
import { enotifyExtension } from './enotify.js';
import { environmentExtension } from './environment.js';
import { ihaveExtension } from './ihave.js';
import { imap4flagsExtension } from './imap4flags.js';
import { includeExtension } from './include.js';
import {
  mailboxExtension,
  mailboxidExtension,
  mboxmetadataExtension,
  servermetadataExtension,
  specialUseExtension,
} from './mailbox.js';
import { regexExtension } from './regex.js';
import { erejectExtension, rejectExtension } from './reject.js';
import { relationalExtension } from './relational.js';
import { subaddressExtension } from './subaddress.js';
import { vacationExtension, vacationSecondsExtension } from './vacation.js';
import { variablesExtension } from './variables.js';

const extensions: readonly SieveExtension[] = [
  bodyExtension,
  copyExtension,
  dateExtension,
  duplicateExtension,
  editheaderExtension,
  encodedCharacterExtension,
  envelopeExtension,
  enotifyExtension,
  environmentExtension,
  erejectExtension,
  fileintoExtension,
  ihaveExtension,
  imap4flagsExtension,
  includeExtension,
  indexExtension,
  mailboxExtension,
  mailboxidExtension,
  mboxmetadataExtension,
  regexExtension,
  rejectExtension,
  relationalExtension,
  servermetadataExtension,
  specialUseExtension,
  subaddressExtension,
  vacationExtension,
  vacationSecondsExtension,
  variablesExtension,
];

/** @param without capabilities that the operator does not want. @param more those that settings make. */
export function createLanguage(
  hasOutbound: boolean,
  without: readonly string[] = [],
  more: readonly SieveExtension[] = [],
): Language {
  const isOffered = ({ needsOutbound, names }: SieveExtension) =>
    (hasOutbound || needsOutbound !== true) && !names.some((name) => without.includes(name));
  return new Language(
    [baseActions, baseTests],
    [...(hasOutbound ? [redirectAction] : []), ...[...extensions, ...more].filter(isOffered)],
  );
}
