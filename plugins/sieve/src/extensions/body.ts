/** body (RFC 5173). */
import type { SieveExtension, TestDefinition } from '../compiler/extension.js';
import type { BodyPart } from '../runtime/message.js';

const TRANSFORM = 'body transform';

/** RFC 5173 §5.2: "" is all, `text` all of text, `text/html` that alone. */
function isWanted({ type }: BodyPart, wanted: readonly string[]): boolean {
  return wanted.some((name) => {
    if (name.split('/').length > 2 || name.startsWith('/') || name.endsWith('/')) return false;
    return name === '' || type === name || (!name.includes('/') && type.startsWith(`${name}/`));
  });
}

const body: TestDefinition = {
  name: 'body',
  requires: 'body',
  positional: ['strings'],
  matches: 'match',
  tags: [
    { name: ':raw', group: TRANSFORM },
    { name: ':content', group: TRANSFORM, value: 'strings' },
    { name: ':text', group: TRANSFORM },
  ],
  compile(call) {
    const keys = call.texts(0);
    const matches = call.matcher();
    const types = call.has(':content') ? call.texts(':content') : undefined;
    const isRaw = call.has(':raw');
    return async (run) => {
      if (isRaw) return matches(run, [await run.world.message.rawBody()], keys(run));
      const wanted = types?.(run).map((type) => type.toLowerCase()) ?? ['text'];
      const parts = (await run.world.message.bodyParts()).filter((part) => isWanted(part, wanted));
      const texts = parts.map((part) => (types === undefined ? part.visibleText : part.text));
      return matches(run, texts, keys(run));
    };
  },
};

export const bodyExtension: SieveExtension = { names: ['body'], tests: [body] };
