/** `angarium reload`: the manifest anew, if it is right; as SIGHUP, but with an answer. */
import { defineBuiltIn } from '../builtin.js';
import { askRunning } from './ask-server.js';

/** Workers are exchanged one by one, and each may drain for long. */
const timeoutMs = 600_000;

export const reload = defineBuiltIn<{ readonly reloaded: true }>({
  name: 'reload',
  summary: 'validate the manifest anew and exchange the workers one by one; refused when it has errors',
  async run(_context, invocation) {
    await askRunning(invocation, { op: 'reload' }, timeoutMs);
    return { reloaded: true };
  },
  text: () => 'reloaded',
});
