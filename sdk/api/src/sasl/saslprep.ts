/** SASLprep (RFC 4013): one form for one name or password, however a keyboard composed it. */
import {
  isIn,
  leftToRight,
  mappedToNothing,
  otherSpaces,
  prohibited,
  rightToLeft,
  unassigned,
} from './stringprep-tables.js';

/**
 * The prepared text; undefined for what SASLprep prohibits.
 * @param options.isStored refuse what Unicode 3.2 did not know (RFC 3454 §7: "stored strings"); queries may have it.
 * U+200B is in both mapping tables; it becomes a space, as in libidn, so that clients and server agree.
 */
export function saslprep(text: string, options: { readonly isStored?: boolean } = {}): string | undefined {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  let mapped = '';
  for (const char of text) {
    const codePoint = char.codePointAt(0) ?? 0;
    if (isIn(otherSpaces, codePoint)) mapped += ' ';
    else if (!isIn(mappedToNothing, codePoint)) mapped += char;
  }
  const normalised = mapped.normalize('NFKC');
  return isAllowed(normalised, options.isStored === true) ? normalised : undefined;
}

/** A password as it is hashed and compared. What SASLprep prohibits is taken as typed: nobody is locked out by it. */
export function preparePassword(password: string): string {
  const prepared = saslprep(password);
  return prepared === undefined || prepared === '' ? password : prepared;
}

/** RFC 4013 §2.3 to §2.5. */
function isAllowed(text: string, isStored: boolean): boolean {
  const codePoints = Array.from(text, (char) => char.codePointAt(0) ?? 0);
  const isRefused = (codePoint: number) =>
    isIn(prohibited, codePoint) || (isStored && isIn(unassigned, codePoint));
  return !codePoints.some(isRefused) && isBidirectionallySound(codePoints);
}

/** RFC 3454 §6: right-to-left text begins and ends so, and holds nothing that runs the other way. */
function isBidirectionallySound(codePoints: readonly number[]): boolean {
  if (!codePoints.some((codePoint) => isIn(rightToLeft, codePoint))) return true;
  if (codePoints.some((codePoint) => isIn(leftToRight, codePoint))) return false;
  return isIn(rightToLeft, codePoints[0] ?? 0) && isIn(rightToLeft, codePoints.at(-1) ?? 0);
}
