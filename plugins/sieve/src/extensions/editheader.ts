/** editheader (RFC 5293): what later tests and actions see of the header. */
import type { CommandDefinition, SieveExtension } from '../compiler/extension.js';
import { field } from '../delivery/reply.js';
import { SieveRuntimeError } from '../language/problem.js';
import { type Field, Header } from '../runtime/header.js';
import type { Run } from '../runtime/run.js';
import { fieldChoice, fieldNameProblem, indexTags } from './fields.js';

/** Octets that all fields that a script adds may have. */
const MAX_ADDED = 64 * 1024;

/** RFC 5293 §6; and the field by which loops of redirects are found. Attempts are passed over. */
const KEPT = new Set(['received', 'auto-submitted', 'x-sieve-redirected-from']);

/** @throws SieveRuntimeError */
function fieldNameOf(run: Run, name: (run: Run) => string): string {
  const text = name(run);
  const problem = fieldNameProblem(text);
  if (problem !== undefined || text.length > 200)
    throw new SieveRuntimeError(problem ?? 'the name of a header field is too long');
  if (!run.world.message.hasWholeHeader) throw new SieveRuntimeError('the header is too large to be changed');
  return text;
}

/** Work grows with the fields that are there. */
function change(run: Run, fields: readonly Field[]): void {
  run.spend(1 + (fields.length >> 6));
  run.header = new Header(fields);
}

const addheader: CommandDefinition = {
  name: 'addheader',
  requires: 'editheader',
  positional: ['string', 'string'],
  tags: [{ name: ':last' }],
  compile(call) {
    call.checkTexts(0, fieldNameProblem);
    const name = call.text(0);
    const value = call.text(1);
    const atEnd = call.has(':last');
    return (run) => {
      const text = field(fieldNameOf(run, name), value(run));
      run.addedOctets += text.length;
      if (run.addedOctets > MAX_ADDED) throw new SieveRuntimeError('too much is added to the header');
      const colon = text.indexOf(':');
      const raw = text
        .slice(colon + 1)
        .replaceAll('\r\n', '')
        .trim();
      const added: Field = { name: text.slice(0, colon).toLowerCase(), raw, text };
      const { fields } = run.header;
      change(run, atEnd ? [...fields, added] : [added, ...fields]);
    };
  },
};

const deleteheader: CommandDefinition = {
  name: 'deleteheader',
  requires: 'editheader',
  positional: ['string', 'strings'],
  // Those that may be left out are the first ones: a name alone stands in the place of the patterns.
  optional: 1,
  matches: 'match',
  tags: indexTags.map(({ requires: _, ...tag }) => tag),
  compile(call) {
    if (call.has(':count')) throw call.error(':count has no meaning here', ':count');
    const isNameAlone = call.argument(0) === undefined;
    if (isNameAlone && call.argument(1)?.kind !== 'string')
      throw call.error('deleteheader needs a string', 1);
    const at = isNameAlone ? 1 : 0;
    call.checkTexts(at, fieldNameProblem);
    const name = call.text(at);
    const keys = isNameAlone ? undefined : call.texts(1);
    const matches = call.matcher();
    const choose = fieldChoice<Field>(call);
    return async (run) => {
      const wanted = fieldNameOf(run, name).toLowerCase();
      if (KEPT.has(wanted)) return;
      const { header } = run;
      const candidates = choose(header.fields.filter((one) => one.name === wanted));
      const patterns = keys?.(run);
      const gone = new Set<Field>();
      for (const one of candidates) {
        const isMeant = patterns === undefined || (await matches(run, decoded(one), patterns));
        if (isMeant) gone.add(one);
      }
      if (gone.size > 0)
        change(
          run,
          header.fields.filter((one) => !gone.has(one)),
        );
    };
  },
};

function decoded(one: Field): readonly string[] {
  return new Header([one]).values(one.name);
}

export const editheaderExtension: SieveExtension = {
  names: ['editheader'],
  commands: [addheader, deleteheader],
};
