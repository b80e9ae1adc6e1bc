import { defineImapCommand, type EnableFeature, type ImapExtension } from '@angarium/sdk';
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
      // All at once: one may bring another along that is named as well (RFC 7162 §3.2.3).
      const asked = new Map<string, EnableFeature>();
      for (const name of names) {
        const feature = features.enableFeature(name);
        const isNew = feature !== undefined && !session.enabled.has(name);
        if (isNew && feature.isOffered?.(session) !== false) asked.set(name, feature);
      }
      for (const name of asked.keys()) session.enable(name);
      for (const feature of asked.values()) feature.onEnable?.(session);
      reply.untagged(['ENABLED', ...[...asked.values()].map(({ name }) => name)].join(' '));
    },
  });
  return { name: 'ENABLE', capabilities: [{ word: 'ENABLE' }], commands: [enable] };
}
