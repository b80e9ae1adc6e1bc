import { parseAddressList } from './addresses.js';
import { HeaderBlock } from './headers.js';
import type { Address, AddressEntry, EntityRange, WireOptions } from './types.js';
import { NIL, wireString } from './wire.js';

/**
 * ENVELOPE, RFC 3501 §7.4.2: values unfolded and not decoded. Absent strings are NIL, empty ones "". Address
 * fields that stand several times are joined (RFC 5322 allows one; dropping recipients would be worse); of
 * other fields the first counts. Sender and Reply-To default to From.
 */
export function envelope(bytes: Buffer, range: EntityRange, options?: WireOptions): string {
  const text = bytes.toString('latin1', range.headerOffset, range.headerOffset + range.headerLength);
  return envelopeText(envelopeFields(new HeaderBlock(text)), options);
}

/** The fields of an envelope and those that summaries keep, unfolded; address fields joined. */
export interface EnvelopeFields {
  date?: string;
  subject?: string;
  from?: string;
  sender?: string;
  'reply-to'?: string;
  to?: string;
  cc?: string;
  bcc?: string;
  'in-reply-to'?: string;
  'message-id'?: string;
  references?: string;
}

const FIELDS: ReadonlySet<string> = new Set([
  'date',
  'subject',
  'from',
  'sender',
  'reply-to',
  'to',
  'cc',
  'bcc',
  'in-reply-to',
  'message-id',
  'references',
]);
const ADDRESS_FIELDS: ReadonlySet<string> = new Set(['from', 'sender', 'reply-to', 'to', 'cc', 'bcc']);

export function envelopeFields(block: HeaderBlock): EnvelopeFields {
  const fields: Record<string, string> = {};
  const repeated = new Map<string, string[]>();
  for (let i = 0; i < block.count; i++) {
    const name = block.name(i);
    if (!FIELDS.has(name)) continue;
    const earlier = fields[name];
    if (earlier === undefined) fields[name] = block.value(i);
    else if (ADDRESS_FIELDS.has(name)) {
      const values = repeated.get(name);
      if (values === undefined) repeated.set(name, [earlier, block.value(i)]);
      else values.push(block.value(i));
    }
  }
  for (const [name, values] of repeated) fields[name] = values.join(', ');
  return fields;
}

export function envelopeText(fields: EnvelopeFields, options?: WireOptions): string {
  const list = (value: string | undefined): string => wireAddresses(value, options);
  const string = (value: string | undefined): string => wireString(value, options);
  const from = list(fields.from);
  const sender = list(fields.sender);
  const replyTo = list(fields['reply-to']);
  return (
    `(${string(fields.date)} ${string(fields.subject)} ${from} ` +
    `${sender === NIL ? from : sender} ${replyTo === NIL ? from : replyTo} ` +
    `${list(fields.to)} ${list(fields.cc)} ${list(fields.bcc)} ` +
    `${string(fields['in-reply-to'])} ${string(fields['message-id'])})`
  );
}

/** An address list; NIL when it has no address. */
function wireAddresses(value: string | undefined, options: WireOptions | undefined): string {
  if (value === undefined || value === '') return NIL;
  let out = '';
  for (const entry of parseAddressList(value)) out += wireEntry(entry, options);
  return out === '' ? NIL : `(${out})`;
}

function wireEntry(entry: AddressEntry, options: WireOptions | undefined): string {
  if (!('group' in entry)) return wireAddress(entry, options);
  let out = `(NIL NIL ${wireString(entry.group, options)} NIL)`;
  for (const member of entry.members) out += wireAddress(member, options);
  return `${out}(NIL NIL NIL NIL)`;
}

function wireAddress(address: Address, options: WireOptions | undefined): string {
  const name = wireString(address.name, options);
  const route = wireString(address.route, options);
  return `(${name} ${route} ${wireString(address.mailbox, options)} ${wireString(address.host, options)})`;
}
