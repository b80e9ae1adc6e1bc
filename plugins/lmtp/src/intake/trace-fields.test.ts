import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type TraceFacts, traceFields } from './trace-fields.js';

const facts: TraceFacts = {
  sender: 'a@example.org',
  clientName: 'client.example',
  clientAddress: '192.0.2.1',
  serverName: 'mail.example',
  version: '1.0',
  session: 's1',
  isSecured: false,
  isAuthenticated: false,
  isUtf8: false,
  recipient: 'fred@example.org',
  timeMs: Date.UTC(2024, 0, 1),
};

test('Return-Path and Received (RFC 5321 §4.4)', () => {
  assert.equal(
    traceFields(facts),
    'Return-Path: <a@example.org>\r\n' +
      'Received: from client.example ([192.0.2.1])\r\n' +
      '\tby mail.example (Angarium 1.0) with LMTP id s1\r\n' +
      '\tfor <fred@example.org>;\r\n' +
      '\tMon, 01 Jan 2024 00:00:00 +0000\r\n',
  );
});

test('the protocol tells what secured it (RFC 3848, RFC 6531 §4.3)', () => {
  const protocol = (some: Partial<TraceFacts>) =>
    / with (\S+) /.exec(traceFields({ ...facts, ...some }))?.[1];
  assert.equal(protocol({ isSecured: true }), 'LMTPS');
  assert.equal(protocol({ isAuthenticated: true }), 'LMTPA');
  assert.equal(protocol({ isSecured: true, isAuthenticated: true, isUtf8: true }), 'UTF8LMTPSA');
});

test('null sender, unix socket, IPv6, more recipients', () => {
  const text = traceFields({ ...facts, sender: '', clientAddress: 'unix', recipient: undefined });
  assert.match(text, /^Return-Path: <>\r\n/);
  assert.match(text, /\(unix socket\)/);
  assert.match(text, /id s1;\r\n/);
  assert.match(traceFields({ ...facts, clientAddress: '2001:db8::1' }), /\(\[IPv6:2001:db8::1\]\)/);
});

test('a client writes no header lines through its name', () => {
  assert.match(traceFields({ ...facts, clientName: 'x)\r\ny (z;' }), /from x\?\?\?y\?\?z\? \(/);
  assert.match(traceFields({ ...facts, clientName: '' }), /from unknown \(/);
});
