import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { MailError, type SaslEnvironment, type UserId } from '@angarium/sdk';
import { external } from './external.js';
import { distinguishedName, type ExternalConfig, emailsOf } from './names.js';

const hasOpenssl = (() => {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();
const skip = hasOpenssl ? false : 'openssl is not installed';

function certificate(subject: string, subjectAltName?: string): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'external-'));
  try {
    const out = join(folder, 'c.pem');
    const extension = subjectAltName === undefined ? [] : ['-addext', `subjectAltName=${subjectAltName}`];
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-nodes',
        '-utf8',
        '-days',
        '2',
        '-subj',
        subject,
        ...extension,
        '-keyout',
        join(folder, 'k.pem'),
        '-out',
        out,
      ],
      { stdio: 'ignore' },
    );
    return new X509Certificate(readFileSync(out)).raw;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function login(der: Uint8Array | undefined, config: Partial<ExternalConfig>, authzid = '') {
  const announced: string[] = [];
  const environment = {
    context: { service: 'imap', connection: { tls: { clientCertificate: der } } },
    normalise(name: string) {
      if (/[/ ]/.test(name)) throw new MailError('CANNOT', 'no name');
      return name.toLowerCase() as UserId;
    },
    announce: async (claim: string) => void announced.push(claim),
  } as unknown as SaslEnvironment;
  const mechanism = external({ user: ['map', 'email'], map: [], ...config });
  const step = await mechanism.start(environment).step(Buffer.from(authzid));
  assert.ok('user' in step);
  assert.deepEqual(announced, [step.user]);
  return [step.user, step.actAs];
}

test('an address, a common name, a whole name stand for a user', { skip }, async () => {
  const fred = certificate('/C=US/O=Slate, Inc./CN=Fred', 'email:fred@example.org,DNS:x.example');
  assert.deepEqual(await login(fred, {}), ['fred@example.org', undefined]);
  assert.deepEqual(await login(fred, { user: ['cn', 'email'] }), ['fred', undefined]);
  const subject = 'CN=Fred,O=Slate\\, Inc.,C=US';
  assert.deepEqual(await login(fred, { map: [{ subject, user: 'barney' }] }), ['barney', undefined]);
  assert.deepEqual(await login(fred, { map: [{ subject, issuer: subject, user: 'barney' }] }), [
    'barney',
    undefined,
  ]);
  const otherIssuer = [{ subject, issuer: 'CN=Evil', user: 'barney' }];
  assert.deepEqual(await login(fred, { map: otherIssuer }), ['fred@example.org', undefined]);
});

test('of several addresses the one that is asked for, else the first', { skip }, async () => {
  const both = certificate('/CN=x', 'email:fred@example.org,email:joe@example.org');
  assert.deepEqual(await login(both, {}), ['fred@example.org', undefined]);
  assert.deepEqual(await login(both, {}, 'Joe@example.org'), ['joe@example.org', 'joe@example.org']);
  assert.deepEqual(await login(both, {}, 'wilma'), ['fred@example.org', 'wilma']);
});

test('nobody: two common names, no rule that fits, a name that is none, no certificate', {
  skip,
}, async () => {
  const failed = { code: 'AUTHENTICATIONFAILED' };
  await assert.rejects(login(certificate('/CN=fred/CN=admin'), { user: ['cn'] }), failed);
  await assert.rejects(login(certificate('/CN=fred'), { user: ['email'] }), failed);
  await assert.rejects(login(certificate('/CN=Fred Flintstone'), { user: ['cn'] }), failed);
  await assert.rejects(login(undefined, {}), failed);
  await assert.rejects(login(certificate('/CN=fred'), { user: ['cn'] }, 'a/b'), {
    code: 'AUTHORIZATIONFAILED',
  });
  await assert.rejects(login(certificate('/CN=fred'), { user: ['cn'] }, 'a\0b'), { code: 'CLIENTBUG' });
});

test('it is offered with a verified certificate alone', () => {
  const { isAvailable } = external({ user: ['cn'], map: [] });
  const connection = (tls: object | undefined) => ({ service: 'imap', connection: { tls } }) as never;
  assert.equal(isAvailable?.(connection(undefined)), false);
  assert.equal(isAvailable?.(connection({ clientCertificate: undefined })), false);
  assert.equal(isAvailable?.(connection({ clientCertificate: new Uint8Array(1) })), true);
});

test('addresses that were made to look like several entries are none', () => {
  assert.deepEqual(emailsOf('DNS:a, email:fred@x, email:"evil@x, email:admin@x"'), ['fred@x']);
  assert.deepEqual(emailsOf('DNS:"a, email:admin@x"'), []);
  assert.deepEqual(emailsOf(''), []);
  assert.equal(distinguishedName('C=US\nO=A\nCN=b'), 'CN=b,O=A,C=US');
});
