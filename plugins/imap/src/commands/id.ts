import { defineImapCommand, type ImapExtension } from '@angarium/sdk';
import { MAX_ID_FIELD_BYTES, MAX_ID_PAIRS, MAX_ID_VALUE_BYTES } from '../limits.js';
import { ownSession } from '../session.js';
import { octetsOf } from '../wire/index.js';

/** RFC 2971. What the client says of itself goes to the log and decides nothing (§1). */
export const id = defineImapCommand({
  name: 'ID',
  rfc: 'RFC 2971 §3.1',
  states: ['not-authenticated', 'authenticated', 'selected'],
  parse(line) {
    line.sp();
    const fields = new Map<string, string | undefined>();
    const pairs = line.tryList(() => {
      const field = line.string();
      line.sp();
      const value = line.nstring();
      if (field.length > MAX_ID_FIELD_BYTES) line.fail(`a field of at most ${MAX_ID_FIELD_BYTES} octets`);
      if ((value?.length ?? 0) > MAX_ID_VALUE_BYTES)
        line.fail(`a value of at most ${MAX_ID_VALUE_BYTES} octets`);
      if (fields.size === MAX_ID_PAIRS) line.fail(`at most ${MAX_ID_PAIRS} fields`);
      fields.set(field.toLowerCase(), value);
    }, 0);
    if (pairs === undefined) line.expect('NIL');
    return fields;
  },
  async run({ session, reply }, fields) {
    const { services, connection, userName } = ownSession(session);
    if (fields.size > 0) {
      const client = Object.fromEntries(fields);
      services.log.debug('client identification', { session: connection.id, user: userName, client });
    }
    const pairs = Object.entries(services.config.id).map(
      ([field, value]) => `${reply.quote(octetsOf(field))} ${reply.quote(octetsOf(value))}`,
    );
    reply.untagged(pairs.length === 0 ? 'ID NIL' : `ID (${pairs.join(' ')})`);
  },
});

export const idExtension: ImapExtension = { name: 'ID', capabilities: [{ word: 'ID' }], commands: [id] };
