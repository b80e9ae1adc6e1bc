/** Character classes of RFC 3501 §9 as one table: a bit a class. */

export const CharClass = {
  /** ATOM-CHAR */
  atom: 1,
  /** ASTRING-CHAR: ATOM-CHAR and `]` */
  astring: 2,
  /** list-char: ASTRING-CHAR and the wildcards */
  list: 4,
  /** Of a tag: ASTRING-CHAR without `+` */
  tag: 8,
  digit: 16,
  /** Of the names in front of `[…]`, `<…>` and `(…)`: letters, digits, `.`, `-`, `_` */
  itemName: 32,
} as const;

const classes = new Uint8Array(256);

function mark(characters: string, bits: number): void {
  for (const character of characters) classes[character.charCodeAt(0)]! |= bits;
}

// CHAR is %x01-7F; CTL, SP, ( ) { % * " \ and ] are taken out of ATOM-CHAR.
for (let code = 0x21; code < 0x7f; code++) {
  if (!'(){%*"\\]'.includes(String.fromCharCode(code))) {
    classes[code] = CharClass.atom | CharClass.astring | CharClass.list | CharClass.tag;
  }
}
mark(']', CharClass.astring | CharClass.list | CharClass.tag);
mark('%*', CharClass.list);
classes['+'.charCodeAt(0)]! &= ~CharClass.tag;
mark('0123456789', CharClass.digit | CharClass.itemName);
mark('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz.-_', CharClass.itemName);

/** Is the character with this code in one of the classes? */
export function isIn(code: number, bits: number): boolean {
  return (classes[code]! & bits) !== 0;
}

/** The end of the run of characters of these classes that starts at `from`. */
export function runEnd(text: string, from: number, bits: number): number {
  let at = from;
  while (at < text.length && (classes[text.charCodeAt(at)]! & bits) !== 0) at++;
  return at;
}

/** Are all characters of `text` in the class, and is there one? */
export function isRunOf(text: string, bits: number): boolean {
  return text.length > 0 && runEnd(text, 0, bits) === text.length;
}
