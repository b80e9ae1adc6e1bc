/** What of HTML is text, for previews and search: no parser, one pass, any input. */

/** What is between the tags of these is not shown. */
const hidden = new Set([
  'head',
  'title',
  'style',
  'script',
  'noscript',
  'template',
  'svg',
  'object',
  'iframe',
]);

/** Text goes on through these; any other tag ends a word. */
const inline = new Set(
  'a abbr acronym b bdi bdo big cite code del dfn em font i ins kbd mark q s samp small span strike strong sub sup tt u var wbr'.split(
    ' ',
  ),
);

/** Latin-1 from U+00A0 on (HTML 4, chapter 24). */
const latin1Names =
  'nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml'.split(
    ' ',
  );

const entities = new Map<string, string>([
  ...latin1Names.map((name, i): [string, string] => [name, String.fromCharCode(0xa0 + i)]),
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
  ['ndash', '–'],
  ['mdash', '—'],
  ['lsquo', '‘'],
  ['rsquo', '’'],
  ['sbquo', '‚'],
  ['ldquo', '“'],
  ['rdquo', '”'],
  ['bdquo', '„'],
  ['bull', '•'],
  ['hellip', '…'],
  ['euro', '€'],
  ['trade', '™'],
  ['larr', '←'],
  ['rarr', '→'],
  ['ensp', ' '],
  ['emsp', ' '],
  ['thinsp', ' '],
  ['zwnj', '\u200c'],
  ['zwj', '\u200d'],
]);

/** Blanks are as they come; ends once there are `maxLength` UTF-16 units. */
export function htmlText(html: string, maxLength = Number.POSITIVE_INFINITY): string {
  let out = '';
  for (let at = 0; at < html.length && out.length < maxLength; ) {
    const tag = html.indexOf('<', at);
    const end = tag < 0 ? html.length : tag;
    if (end > at) out += withoutEntities(html.slice(at, Math.min(end, at + 8 * (maxLength - out.length))));
    if (tag < 0) break;
    if (html.startsWith('<!--', tag)) {
      const close = html.indexOf('-->', tag + 4);
      at = close < 0 ? html.length : close + 3;
      continue;
    }
    const name = nameAt(html, tag + 1);
    if (name === '' && !'/!?'.includes(html[tag + 1] ?? ' ')) {
      // `a < b`: no tag, but text.
      out += '<';
      at = tag + 1;
      continue;
    }
    at = tagEnd(html, tag);
    if (hidden.has(name)) at = closingTag(html, name, at);
    if (!inline.has(name)) out += ' ';
  }
  return out.slice(0, maxLength);
}

/** Lower case; that of an end tag as well. */
function nameAt(html: string, at: number): string {
  if (html[at] === '/') at++;
  if (!/[a-zA-Z]/.test(html[at] ?? '')) return '';
  let end = at;
  while (end - at < 20 && /[a-zA-Z0-9]/.test(html[end] ?? '')) end++;
  return html.slice(at, end).toLowerCase();
}

/** Behind the `>`; one in a quoted attribute does not count. */
function tagEnd(html: string, at: number): number {
  for (; at < html.length; at++) {
    const c = html[at];
    if (c === '>') return at + 1;
    if (c !== '"' && c !== "'") continue;
    const close = html.indexOf(c, at + 1);
    // A lone quote in a careless tag.
    if (close < 0 || close - at > 10_000) return html.indexOf('>', at) + 1 || html.length;
    at = close;
  }
  return html.length;
}

function closingTag(html: string, name: string, from: number): number {
  const pattern = new RegExp(`</${name}[^a-z0-9]`, 'gi');
  pattern.lastIndex = from;
  const match = pattern.exec(html);
  return match === null ? html.length : tagEnd(html, match.index);
}

function withoutEntities(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(
    /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z][a-z0-9]{1,9}));?/gi,
    (all, decimal, hex, name) => {
      if (name !== undefined) return entities.get(name) ?? all;
      const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
      const isCharacter = code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
      return isCharacter ? String.fromCodePoint(code) : '\ufffd';
    },
  );
}
