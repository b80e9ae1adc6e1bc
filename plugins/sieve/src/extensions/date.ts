/** date (RFC 5260 §4, §5). */
import { type MailDate, parseMailDate } from '@angarium/sdk';
import type { Call } from '../compiler/call.js';
import type { SieveExtension, TestDefinition } from '../compiler/extension.js';
import type { Run } from '../runtime/run.js';
import { fieldChoice, fieldNameProblem, indexTags, rawHeaderValues } from './fields.js';

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const UNIX_EPOCH_JULIAN = 40_587;

const pad = (value: number, length = 2): string => String(value).padStart(length, '0');

/** Date parts (RFC 5260 §4.2) of an instant shown in its zone. */
const parts: Readonly<Record<string, (local: Date, zone: number) => string>> = {
  year: (d) => pad(d.getUTCFullYear(), 4),
  month: (d) => pad(d.getUTCMonth() + 1),
  day: (d) => pad(d.getUTCDate()),
  date: (d) => `${pad(d.getUTCFullYear(), 4)}-${pad(d.getUTCMonth() + 1)}-${pad(d.getUTCDate())}`,
  julian: (d) => String(Math.floor(d.getTime() / 86_400_000) + UNIX_EPOCH_JULIAN),
  hour: (d) => pad(d.getUTCHours()),
  minute: (d) => pad(d.getUTCMinutes()),
  second: (d) => pad(d.getUTCSeconds()),
  time: clock,
  iso8601: (d, zone) => `${parts['date']!(d, zone)}T${clock(d)}${zoneText(zone, ':')}`,
  std11: (d, zone) =>
    `${DAYS[d.getUTCDay()]}, ${pad(d.getUTCDate())} ${MONTHS[d.getUTCMonth()]} ${pad(d.getUTCFullYear(), 4)} ${clock(d)} ${zoneText(zone, '')}`,
  zone: (_d, zone) => zoneText(zone, ''),
  weekday: (d) => String(d.getUTCDay()),
};

function clock(d: Date): string {
  return `${pad(d.getUTCHours())}:${pad(d.getUTCMinutes())}:${pad(d.getUTCSeconds())}`;
}

function zoneText(minutes: number, between: string): string {
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${pad(Math.floor(size / 60))}${between}${pad(size % 60)}`;
}

function zoneMinutes(text: string): number | undefined {
  const match = /^([+-])(\d{2})([0-5]\d)$/.exec(text);
  if (match === null) return undefined;
  const minutes = Number(match[2]) * 60 + Number(match[3]);
  return match[1] === '-' ? -minutes : minutes;
}

type Show = (run: Run, date: MailDate) => string | undefined;

/** @param where the argument that names the date part. @throws SieveError */
function showOf(call: Call, where: number): Show {
  call.checkTexts(where, (name) =>
    Object.hasOwn(parts, name.toLowerCase()) ? undefined : `${JSON.stringify(name)} is no part of a date`,
  );
  call.checkTexts(':zone', (zone) =>
    zoneMinutes(zone) === undefined
      ? `${JSON.stringify(zone)} is no time zone: it is written +0100`
      : undefined,
  );
  const part = call.text(where);
  const zone = call.has(':zone') ? call.text(':zone') : undefined;
  const keepsZone = call.has(':originalzone');
  return (run, date) => {
    const name = part(run).toLowerCase();
    const own = keepsZone ? date.zoneMinutes : run.world.zoneMinutes;
    const minutes = zone === undefined ? own : (zoneMinutes(zone(run)) ?? own);
    return Object.hasOwn(parts, name)
      ? parts[name]?.(new Date(date.ms + minutes * 60_000), minutes)
      : undefined;
  };
}

const zoneTag = { name: ':zone', value: 'string', group: 'zone' } as const;

const date: TestDefinition = {
  name: 'date',
  requires: 'date',
  positional: ['string', 'string', 'strings'],
  matches: 'match',
  tags: [zoneTag, { name: ':originalzone', group: 'zone' }, ...indexTags],
  compile(call) {
    call.checkTexts(0, fieldNameProblem);
    const field = call.text(0);
    const show = showOf(call, 1);
    const keys = call.texts(2);
    const matches = call.matcher();
    const choose = fieldChoice(call);
    return (run) => {
      const values: string[] = [];
      // Without :index the first field is meant (RFC 5260 §4).
      const raws = choose(rawHeaderValues(run, field(run)));
      for (const raw of call.has(':index') ? raws : raws.slice(0, 1)) {
        run.spend(1 + (raw.length >> 10));
        // Trace fields have their date behind the last semicolon.
        const found = parseMailDate(raw.slice(raw.lastIndexOf(';') + 1));
        const value = found === undefined ? undefined : show(run, found);
        if (value !== undefined) values.push(value);
      }
      return matches(run, values, keys(run));
    };
  },
};

const currentdate: TestDefinition = {
  name: 'currentdate',
  requires: 'date',
  positional: ['string', 'strings'],
  matches: 'match',
  tags: [zoneTag],
  compile(call) {
    const show = showOf(call, 0);
    const keys = call.texts(1);
    const matches = call.matcher();
    return (run) => {
      const { nowMs, zoneMinutes: zone } = run.world;
      const value = show(run, { ms: nowMs, zoneMinutes: zone });
      return value !== undefined && matches(run, [value], keys(run));
    };
  },
};

export const dateExtension: SieveExtension = { names: ['date'], tests: [date, currentdate] };
