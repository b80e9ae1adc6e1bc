/** Certificates of clients, made by openssl in a folder of their own. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/** `NAME.key`, `NAME.pem`, and both in `NAME.both.pem`. */
export class Authority implements Disposable {
  private readonly folder = mkdtempSync(join(tmpdir(), 'certificates-'));

  file(name: string): string {
    return join(this.folder, name);
  }

  /** By the authority `ca`. */
  issue(name: string, subject: string, email: string): void {
    this.issueFrom('ca', name, subject, email);
  }

  issueFrom(authority: string, name: string, subject: string, email: string): void {
    if (!existsSync(this.file(`${authority}.pem`))) this.found(authority);
    const request = ['-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', subject];
    this.openssl('req', ...key, ...request, '-addext', `subjectAltName=email:${email}`);
    const signer = ['-CA', `${authority}.pem`, '-CAkey', `${authority}.key`];
    const out = ['-copy_extensions', 'copy', '-out', `${name}.pem`];
    this.openssl('x509', '-req', '-in', `${name}.csr`, ...signer, '-days', '2', ...out);
    const { cert, key: secret } = this.pair(name);
    writeFileSync(this.file(`${name}.both.pem`), Buffer.concat([cert, secret]));
  }

  /** As tls.connect takes it. */
  pair(name: string): { readonly cert: Buffer; readonly key: Buffer } {
    return { cert: readFileSync(this.file(`${name}.pem`)), key: readFileSync(this.file(`${name}.key`)) };
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true });
  }

  private found(name: string): void {
    const files = ['-keyout', `${name}.key`, '-out', `${name}.pem`];
    this.openssl('req', '-x509', ...key, ...files, '-days', '2', '-subj', `/CN=${name}`);
  }

  private openssl(...args: string[]): void {
    execFileSync('openssl', args, { cwd: this.folder, stdio: 'pipe' });
  }
}
