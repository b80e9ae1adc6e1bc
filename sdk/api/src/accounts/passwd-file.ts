/** Files of lines with colons: Dovecot's passwd-file, passwd(5), shadow(5). */
import { type ForeignAccount, nameOfGecos, type ReadAccounts, readShadowField } from './foreign-account.js';

/** Accounts of the system itself have lower numbers (login.defs, UID_MIN). */
export const MIN_UID = 1000;
const NOBODY = 65534;

interface Line {
  readonly number: number;
  readonly fields: readonly string[];
}

/** Without comments and empty lines. */
function linesOf(text: string): Line[] {
  return text
    .split(/\r?\n/)
    .map((line, index) => ({ number: index + 1, line }))
    .filter(({ line }) => line.trim() !== '' && !line.startsWith('#'))
    .map(({ number, line }) => ({ number, fields: line.split(':') }));
}

/** `user:password:uid:gid:gecos:home:shell:extra`, of which all but the user may be absent. */
export function readPasswdFile(text: string): ReadAccounts {
  return readEach(text, ({ number, fields }) => {
    const [name = '', password = '', , , gecos, , , ...extra] = fields;
    const isNoLogin = extra.join(':').split(/[ \t]/).includes('nologin');
    const { encoded, isDisabled } = readShadowField(password);
    return {
      line: number,
      name,
      encoded,
      displayName: nameOfGecos(gecos),
      groups: [],
      isDisabled: isDisabled || isNoLogin,
    };
  });
}

/** passwd(5) with the hashes in shadow(5): people alone, by their number. */
export function readPasswdAndShadow(passwd: string, shadow: string): ReadAccounts {
  const hashes = new Map(linesOf(shadow).map(({ fields }) => [fields[0] ?? '', fields[1] ?? '']));
  const people = linesOf(passwd).filter(({ fields }) => {
    const uid = Number(fields[2]);
    return uid >= MIN_UID && uid !== NOBODY;
  });
  return readLines(people, ({ number, fields }) => {
    const [name = '', , , , gecos] = fields;
    return {
      line: number,
      name,
      ...readShadowField(hashes.get(name) ?? ''),
      displayName: nameOfGecos(gecos),
      groups: [],
    };
  });
}

/** Is there a line with a user and a password? */
export function looksLikePasswd(text: string): boolean {
  const lines = linesOf(text);
  return lines.some(({ fields }) => (fields[0] ?? '') !== '' && fields.length >= 2);
}

function readEach(text: string, read: (line: Line) => ForeignAccount): ReadAccounts {
  return readLines(linesOf(text), read);
}

function readLines(lines: readonly Line[], read: (line: Line) => ForeignAccount): ReadAccounts {
  const isWhole = ({ fields }: Line) => (fields[0] ?? '') !== '' && fields.length >= 2;
  return {
    accounts: lines.filter(isWhole).map(read),
    problems: lines
      .filter((line) => !isWhole(line))
      .map(({ number, fields }) => ({
        line: number,
        name: fields[0] ?? '',
        reason: 'not user:password:…',
      })),
  };
}
