/** Every export of the SDK says what it is. */
import { posix } from 'node:path';
import type { ApiExport, ApiFile, ApiModule } from '../dts/modules.js';

/** File → why its exports need no comment of their own. */
const allowed: ReadonlyMap<string, string> = new Map([]);

export function apiFindings(modules: readonly ApiModule[]): string[] {
  const files = modules.flatMap((module) => module.files);
  const documented = new Set(
    files.flatMap((file) => file.exports).flatMap(({ name, doc }) => (doc === undefined ? [] : [name])),
  );
  return files.filter(({ path }) => !allowed.has(path)).flatMap((file) => undocumented(file, documented));
}

function undocumented(file: ApiFile, documented: ReadonlySet<string>): string[] {
  const names = file.exports
    .filter(({ doc, library }) => doc === undefined && library === undefined)
    .filter(({ name }) => file.header === undefined || !isNamedAs(name, file.path))
    .filter((each) => !isTokenOf(each, documented))
    .map(({ name }) => name);
  return names.length === 0 ? [] : [`sdk/api/src/${file.path}.ts: no doc comment: ${names.join(', ')}`];
}

/** What a file is named after is told by the comment at its top: MailStore and MAIL_STORE in mail-store.ts. */
function isNamedAs(name: string, path: string): boolean {
  return name.toLowerCase().replaceAll('_', '') === posix.basename(path).replaceAll('-', '');
}

/** A token is told by the interface it stands for. */
function isTokenOf({ declarations }: ApiExport, documented: ReadonlySet<string>): boolean {
  const [, typeName] = /:\s*(?:Registry)?Contract<(\w+)/.exec(declarations[0]?.text ?? '') ?? [];
  return typeName !== undefined && documented.has(typeName);
}
