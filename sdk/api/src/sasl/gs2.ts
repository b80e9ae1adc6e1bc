/** The GS2 header with which SCRAM and OAUTHBEARER messages begin (RFC 5801 §4, RFC 5802 §7). */

/** What the client says of channel binding: it cannot, it could but believes that the server cannot, it does. */
export type ChannelBindingFlag = { readonly is: 'n' | 'y' } | { readonly is: 'p'; readonly type: string };

/** A header that was read. */
export interface Gs2Header {
  readonly binding: ChannelBindingFlag;
  /** Undefined: to be derived from whoever is authenticated. */
  readonly authzid: string | undefined;
  /** The header as it stands in the message, with its last comma. */
  readonly raw: string;
}

/**
 * Undefined for what breaks the grammar; the non-standard `F,` is not taken.
 * Leniency: GNU SASL writes `a=` for an authorization identity that was left empty.
 */
export function parseGs2Header(message: string): Gs2Header | undefined {
  const [raw, flag, type, name] = /^(n|y|p=([A-Za-z0-9.-]+)),(?:a=([^,]*))?,/.exec(message) ?? [];
  if (raw === undefined) return undefined;
  const authzid = name === undefined || name === '' ? undefined : decodeSaslName(name);
  if (name !== undefined && name !== '' && authzid === undefined) return undefined;
  const binding: ChannelBindingFlag =
    type === undefined ? { is: flag === 'y' ? 'y' : 'n' } : { is: 'p', type };
  return { binding, authzid, raw };
}

/** `saslname`: `=2C` and `=3D` stand for comma and equals sign, no other `=` may be there. Undefined for wrong ones. */
export function decodeSaslName(text: string): string | undefined {
  if (text === '' || /[,\0]|=(?!2C|3D)/.test(text)) return undefined;
  return text.replaceAll('=2C', ',').replaceAll('=3D', '=');
}

/** As `saslname`. */
export function encodeSaslName(text: string): string {
  return text.replaceAll('=', '=3D').replaceAll(',', '=2C');
}
