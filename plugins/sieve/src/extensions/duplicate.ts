/** duplicate (RFC 7352). */
import { createHash } from 'node:crypto';
import type { SieveExtension, TestDefinition } from '../compiler/extension.js';
import { fieldNameProblem, headerValues } from './fields.js';

const DEFAULT_SECONDS = 7 * 86_400;
/** RFC 7352 §3.1: the server's limit. */
const MAX_SECONDS = 90 * 86_400;

const duplicate: TestDefinition = {
  name: 'duplicate',
  requires: 'duplicate',
  tags: [
    { name: ':handle', value: 'string' },
    { name: ':header', value: 'string', group: 'unique id' },
    { name: ':uniqueid', value: 'string', group: 'unique id' },
    { name: ':seconds', value: 'number' },
    { name: ':last' },
  ],
  compile(call) {
    call.checkTexts(':header', fieldNameProblem);
    const handle = call.text(':handle');
    const field = call.optionalText(':header');
    const uniqueId = call.optionalText(':uniqueid');
    const seconds = Math.min(call.number(':seconds') ?? DEFAULT_SECONDS, MAX_SECONDS);
    const extendsTime = call.has(':last');
    return async (run) => {
      run.spend(10);
      const id = uniqueId === undefined ? headerValues(run, field?.(run) ?? 'message-id')[0] : uniqueId(run);
      // Without the field there is nothing to compare (RFC 7352 §3).
      if (id === undefined || id === '') return false;
      const key = createHash('sha256')
        .update(JSON.stringify([handle(run), id]))
        .digest('base64url');
      const isSeen = await run.world.wasSeen(key);
      if (!isSeen || extendsTime) run.act({ is: 'remember', key, seconds });
      return isSeen;
    };
  },
};

export const duplicateExtension: SieveExtension = { names: ['duplicate'], tests: [duplicate] };
