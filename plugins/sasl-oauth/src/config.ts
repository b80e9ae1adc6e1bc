/** As config.schema.json has it, defaults filled in. */
export interface OauthConfig {
  readonly mechanisms: readonly ('OAUTHBEARER' | 'XOAUTH2')[];
  readonly jwks?: string;
  readonly algorithms: readonly string[];
  readonly introspection?: IntrospectionConfig;
  readonly issuer: string;
  readonly audience: string;
  /** Separated by blanks. */
  readonly scope: string;
  readonly userClaim: string;
  readonly clockSkewSeconds: number;
  readonly timeoutSeconds: number;
  readonly openidConfiguration?: string;
}

export interface IntrospectionConfig {
  readonly url: string;
  readonly clientId?: string;
  readonly clientSecret?: string;
  readonly cacheSeconds: number;
}

/** What authorization servers may be reached by: https, or http within this machine. @throws Error */
export function serverUrl(text: string, setting: string): URL {
  const url = new URL(text);
  const isLocal = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLocal)) return url;
  throw new Error(`${setting}: "${text}" must be an https URL (http only on this machine)`);
}
