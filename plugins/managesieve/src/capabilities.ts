/** What clients are told of this server (RFC 5804 §1.7), in Cyrus's order. */
import type { ManageSieveSession } from './session.js';
import { encodeText } from './wire/line.js';

/** Users without a name have no scripts. */
export const ANONYMOUS = 'ANONYMOUS';

/** Writes the lines; the OK behind them is the caller's. It has no text: Cyrus's clients take none there. */
export function writeCapabilities(session: ManageSieveSession): void {
  for (const [name, value] of capabilitiesOf(session)) {
    session.reply(value === undefined ? `"${name}"` : `"${name}" ${encodeText(value)}`);
  }
}

function capabilitiesOf(session: ManageSieveSession): readonly (readonly [string, string?])[] {
  const { environment, identity, connection, authContext } = session;
  const { config, scripts, authentication } = environment;
  const mechanisms = authentication.mechanisms(authContext).filter((name) => name !== ANONYMOUS);
  const { notifyMethods } = scripts;
  return [
    ['IMPLEMENTATION', config.implementation],
    ['VERSION', '1.0'],
    // After login too: a client can tell then whether somebody has shortened the list.
    ['SASL', mechanisms.join(' ')],
    ['SIEVE', scripts.extensions.join(' ')],
    ...(notifyMethods.length > 0 ? ([['NOTIFY', notifyMethods.join(' ')]] as const) : []),
    ['MAXREDIRECTS', String(scripts.maxRedirects)],
    // The texts are English (RFC 5646); without this line it would be i-default.
    ['LANGUAGE', 'en'],
    ...(identity === undefined && connection.canStartTls ? ([['STARTTLS']] as const) : []),
    ...(identity === undefined ? [] : ([['OWNER', identity.user]] as const)),
    ['UNAUTHENTICATE'],
  ];
}
