/**
 * The certificate of a first start: EC P-256, for this server's name and for loopback. Clients must be told to
 * trust it; it is replaced by configuring a real one.
 */
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';

export interface CertificateFiles {
  /** Absolute paths of PEM files. */
  readonly certificate: string;
  readonly key: string;
}

const validDays = 3650;
const dayMs = 86_400_000;
const ecdsaWithSha256 = '1.2.840.10045.4.3.2';
const commonName = '2.5.4.3';

/** Makes `self-signed.pem` and `self-signed.key` under `dir` unless they are there; `isNew` tells which. */
export async function ensureSelfSigned(
  dir: string,
  serverName: string,
  nowMs: number,
): Promise<CertificateFiles & { readonly isNew: boolean }> {
  const files = { certificate: join(dir, 'self-signed.pem'), key: join(dir, 'self-signed.key') };
  if (existsSync(files.certificate) && existsSync(files.key)) return { ...files, isNew: false };
  const made = await makeSelfSigned([...new Set(['localhost', serverName]), '127.0.0.1', '::1'], nowMs);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  replaceFile(files.key, made.key, 0o600);
  replaceFile(files.certificate, made.certificate, 0o644);
  return { ...files, isNew: true };
}

export interface PemPair {
  readonly certificate: string;
  readonly key: string;
}

/**
 * A certificate that signs itself (RFC 5280 §4.1).
 * @param names host names and IP addresses; the first is its subject.
 * @param purpose who may present it.
 */
export async function makeSelfSigned(
  names: readonly string[],
  nowMs: number,
  purpose: 'server' | 'client' = 'server',
): Promise<PemPair> {
  // Needed once in a server's life, so it is no part of every start.
  const { AsnConvert, OctetString } = await import('@peculiar/asn1-schema');
  const x509 = await import('@peculiar/asn1-x509');
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const publicDer = publicKey.export({ type: 'spki', format: 'der' });
  const attribute = new x509.AttributeTypeAndValue({
    type: commonName,
    value: new x509.AttributeValue({ utf8String: names[0] ?? 'localhost' }),
  });
  const name = new x509.Name([new x509.RelativeDistinguishedName([attribute])]);
  const algorithm = new x509.AlgorithmIdentifier({ algorithm: ecdsaWithSha256 });
  const extension = (extnID: string, critical: boolean, value: unknown) =>
    new x509.Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });
  const alternatives = names.map((each) =>
    isIP(each) ? new x509.GeneralName({ iPAddress: each }) : new x509.GeneralName({ dNSName: each }),
  );
  const keyId = new x509.SubjectKeyIdentifier(createHash('sha1').update(publicDer).digest());
  const tbsCertificate = new x509.TBSCertificate({
    version: x509.Version.v3,
    serialNumber: bytesOf(positiveSerial()),
    signature: algorithm,
    issuer: name,
    subject: name,
    validity: new x509.Validity({
      notBefore: new Date(nowMs - dayMs),
      notAfter: new Date(nowMs + validDays * dayMs),
    }),
    subjectPublicKeyInfo: AsnConvert.parse(publicDer, x509.SubjectPublicKeyInfo),
    extensions: new x509.Extensions([
      extension(x509.id_ce_basicConstraints, true, new x509.BasicConstraints({ cA: false })),
      extension(x509.id_ce_keyUsage, true, new x509.KeyUsage(x509.KeyUsageFlags.digitalSignature)),
      extension(
        x509.id_ce_extKeyUsage,
        false,
        new x509.ExtendedKeyUsage([purpose === 'server' ? x509.id_kp_serverAuth : x509.id_kp_clientAuth]),
      ),
      extension(x509.id_ce_subjectAltName, false, new x509.SubjectAlternativeName(alternatives)),
      extension(x509.id_ce_subjectKeyIdentifier, false, keyId),
    ]),
  });
  const signed = new x509.Certificate({
    tbsCertificate,
    signatureAlgorithm: algorithm,
    signatureValue: bytesOf(sign('sha256', Buffer.from(AsnConvert.serialize(tbsCertificate)), privateKey)),
  });
  const base64 = Buffer.from(AsnConvert.serialize(signed)).toString('base64');
  const lines = base64.match(/.{1,64}/g) ?? [];
  return {
    certificate: ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n'),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

/** RFC 5280 §4.1.2.2: positive, at most 20 bytes, not guessable. */
function positiveSerial(): Buffer {
  const serial = randomBytes(16);
  serial[0] = (serial[0]! & 0x7f) | 0x40;
  return serial;
}

function bytesOf(bytes: Buffer): ArrayBuffer {
  return Uint8Array.from(bytes).buffer;
}

/** Whole or not at all, and never readable by more than `mode` says. */
function replaceFile(path: string, content: string, mode: number): void {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, content, { mode });
  renameSync(temporary, path);
}
