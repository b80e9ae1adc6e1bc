import { defineImapCommand, type ImapExtension } from '@angarium/sdk';
import type { Features } from '../registry.js';

/** RFC 5161. */
export function enableExtension(features: Features): ImapExtension {
  const enable = defineImapCommand({
    name: 'ENABLE',
    rfc: 'RFC 5161 §3.1',
    // Servers need not check that no mailbox has been selected (RFC 5161 §3.1).
    states: ['authenticated', 'selected'],
    parse(line) {
      const names: string[] = [];
      do {
        line.sp();
        names.push(line.keyword());
      } while (!line.isAtEnd);
      return names;
    },
    async run({ session, reply }, names) {
      const enabled: string[] = [];
      for (const name of names) {
        const feature = features.enableFeature(name);
        if (feature === undefined || session.enabled.has(name)) continue;
        session.enable(name);
        feature.onEnable?.(session);
        enabled.push(name);
      }
      reply.untagged(['ENABLED', ...enabled].join(' '));
    },
  });
  return { name: 'ENABLE', capabilities: [{ word: 'ENABLE' }], commands: [enable] };
}
