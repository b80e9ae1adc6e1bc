/**
 * What `angarium init` asks of the TLS module: a certificate for a first start. The module registers itself here
 * when it is loaded, so that neither needs the other's folder.
 */
import type { Manifest } from './manifest/manifest.js';

/** Makes what is missing; `announce` tells the operator of it. */
export type PrepareTls = (manifest: Manifest, announce: (text: string) => void) => void | Promise<void>;

let registered: PrepareTls = () => {};

export function registerPrepareTls(prepare: PrepareTls): void {
  registered = prepare;
}

export async function prepareTls(manifest: Manifest, announce: (text: string) => void): Promise<void> {
  await registered(manifest, announce);
}
