/** Languages of the texts of replies (RFC 6856 §3). English is in the code; the others translate it as it is written. */
import { french, german } from './texts.js';

/** Tag and name, as LANG lists them. */
export const languages: readonly (readonly [tag: string, name: string])[] = [
  ['en', 'English'],
  ['de', 'Deutsch'],
  ['fr', 'Français'],
];

const tables: Readonly<Record<string, ReadonlyMap<string, string>>> = { de: german, fr: french };

/** The text as it is when it has no translation. */
export function translate(language: string, text: string): string {
  return tables[language]?.get(text) ?? text;
}

/** The language that a range means, which is cut from the right until one fits (RFC 4647 §3.4). */
export function lookUp(range: string): string | undefined {
  const subtags = range.toLowerCase().split('-');
  for (; subtags.length > 0; subtags.pop()) {
    const wanted = subtags.join('-');
    const found = languages.find(([tag]) => tag === wanted);
    if (found !== undefined) return found[0];
  }
  return undefined;
}
