/** More identifiers than this in one field are cut in the middle: the first (the root) and the latest matter. */
const MAX_IDS = 100;
/** RFC 5322 lines end at 998; an id beyond is no id. */
const MAX_ID_LENGTH = 998;

/**
 * Message identifiers in a Message-ID, In-Reply-To or References value, without angle brackets, normalised as
 * RFC 5256 §3 asks (a quoted local part that needs no quotes loses them). Phrases of old In-Reply-To are skipped.
 * Leniency: a value of one word with @ and no brackets is an id.
 */
export function messageIds(value: string, limit = MAX_IDS): string[] {
  const ids: string[] = [];
  for (const match of value.matchAll(/<([^<>]+)>/g)) {
    const id = normalised((match[1] ?? '').replace(/\s+/g, ''));
    if (id === '' || id.length > MAX_ID_LENGTH) continue;
    if (ids.length >= limit) ids.splice(1, 1);
    if (ids.length < limit) ids.push(id);
  }
  const bare = value.trim();
  if (ids.length === 0 && limit > 0 && bare.length <= MAX_ID_LENGTH && /^[^\s<>@]+@[^\s<>@]+$/.test(bare)) {
    ids.push(normalised(bare));
  }
  return ids;
}

function normalised(id: string): string {
  const quoted = /^"((?:[^"\\]|\\.)*)"@(.*)$/.exec(id);
  if (quoted === null) return id;
  const local = (quoted[1] ?? '').replace(/\\(.)/g, '$1');
  return /^[^\s"\\()<>[\]:;@,]+$/.test(local) ? `${local}@${quoted[2] ?? ''}` : id;
}
