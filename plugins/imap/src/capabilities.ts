/** CAPABILITY: computed from what is there, for this session and its state. */
import type { Session } from './session.js';

/** `IMAP4rev1 …`, without the word CAPABILITY. */
export function capabilitiesOf(session: Session): string {
  const words = new Set<string>();
  for (const capability of session.services.features.capabilities) {
    if (capability.states !== undefined && !capability.states.includes(session.state)) continue;
    if (capability.isOffered !== undefined && !capability.isOffered(session)) continue;
    for (const word of capability.words?.(session) ?? [capability.word]) words.add(word);
  }
  return [...words].join(' ');
}
