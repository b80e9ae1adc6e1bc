/** From the manifest's `tls` section to certificates in force. */
import { join, resolve } from 'node:path';
import type { Clock, Logger } from '@angarium/sdk';
import { Certificates } from '../connections/certificates.js';
import { type CertificateFiles, ensureSelfSigned } from '../connections/self-signed.js';
import type { Manifest } from '../manifest/manifest.js';

type TlsManifest = Pick<Manifest, 'dir' | 'dataDir' | 'settings'>;

const selfSignedDir = (manifest: TlsManifest): string => join(manifest.dataDir, 'tls');

/** What to tell the operator when a certificate had to be made, else undefined. */
export async function prepareCertificate(
  manifest: TlsManifest,
  serverName: string,
  nowMs: number,
): Promise<string | undefined> {
  if (manifest.settings.tls.certificate !== undefined) return undefined;
  const made = await ensureSelfSigned(selfSignedDir(manifest), serverName, nowMs);
  if (!made.isNew) return undefined;
  return [
    `A self-signed certificate for ${serverName} and localhost was made: ${made.certificate}`,
    'Clients must be told to trust it. Set tls.certificate and tls.key to use a real one.',
  ].join('\n');
}

/** @throws Error naming the file that cannot be used. */
export function openCertificates(
  manifest: TlsManifest,
  shared: { readonly ticketKeys: Buffer; readonly log: Logger; readonly clock: Clock },
): Certificates {
  const { tls } = manifest.settings;
  const files = (pair: { certificate: string; key: string }): CertificateFiles => ({
    certificate: resolve(manifest.dir, pair.certificate),
    key: resolve(manifest.dir, pair.key),
  });
  const own = selfSignedDir(manifest);
  const { certificate = join(own, 'self-signed.pem'), key = join(own, 'self-signed.key') } = tls;
  return new Certificates({
    default: files({ certificate, key }),
    names: tls.names.map((each) => ({ names: each.names, ...files(each) })),
    minVersion: tls.minVersion,
    ...(tls.clientAuthorities !== undefined && {
      clientAuthorities: resolve(manifest.dir, tls.clientAuthorities),
    }),
    ...shared,
  });
}
