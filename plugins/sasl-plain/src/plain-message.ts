/** The one message of PLAIN, RFC 4616 §2. */

export interface PlainMessage {
  /** Undefined: to be derived from authcid. */
  readonly authzid: string | undefined;
  readonly authcid: string;
  readonly password: string;
}

/**
 * `[authzid] NUL authcid NUL passwd`: exactly two NULs, authcid and passwd not empty, all of it UTF-8.
 * Undefined for anything else.
 */
export function parsePlainMessage(message: Uint8Array): PlainMessage | undefined {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(message);
  } catch {
    return undefined;
  }
  const [authzid, authcid, password, ...more] = text.split('\0', 4);
  if (!authcid || !password || more.length > 0) return undefined;
  return { authzid: authzid === '' ? undefined : authzid, authcid, password };
}
