import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CommandSyntaxError } from '@angarium/sdk';
import { checkMessageDsn, checkRecipientDsn } from './dsn.js';

test('what RFC 3461 §4 allows', () => {
  for (const RET of ['FULL', 'hdrs']) checkMessageDsn({ RET, ENVID: 'QQ314159+20x' });
  for (const NOTIFY of ['NEVER', 'success', 'SUCCESS,FAILURE', 'DELAY,FAILURE,SUCCESS']) {
    checkRecipientDsn({ NOTIFY, ORCPT: 'rfc822;Bob@example.com' });
  }
  checkRecipientDsn({ ORCPT: 'utf-8;j\xc3\xb6rg@example.com' });
  checkRecipientDsn({});
});

test('and what it does not', () => {
  for (const bad of [
    { RET: '' },
    { RET: 'BODY' },
    { ENVID: '' },
    { ENVID: 'a+1' },
    { ENVID: 'x'.repeat(101) },
  ]) {
    assert.throws(() => checkMessageDsn(bad), CommandSyntaxError, JSON.stringify(bad));
  }
  const recipients = [
    { NOTIFY: '' },
    { NOTIFY: 'NEVER,SUCCESS' },
    { NOTIFY: 'SUCCESS,' },
    { NOTIFY: 'OFTEN' },
    { ORCPT: '' },
    { ORCPT: 'bob@example.com' },
    { ORCPT: 'rfc822;' },
    { ORCPT: 'rfc822;a+b' },
    { ORCPT: 'r fc;a' },
    { ORCPT: `rfc822;${'x'.repeat(501)}` },
  ];
  for (const bad of recipients) {
    assert.throws(() => checkRecipientDsn(bad), CommandSyntaxError, JSON.stringify(bad));
  }
});
