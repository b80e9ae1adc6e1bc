/** vacation (RFC 5230) and vacation-seconds (RFC 6131). */
import { createHash } from 'node:crypto';
import type { Call } from '../compiler/call.js';
import type { CommandDefinition, SieveExtension } from '../compiler/extension.js';
import { SieveRuntimeError } from '../language/problem.js';
import { isSendable } from './addresses.js';

const DAY = 86_400;
const DEFAULT_DAYS = 7;

const vacation: CommandDefinition = {
  name: 'vacation',
  requires: 'vacation',
  positional: ['string'],
  tags: [
    { name: ':days', value: 'number', group: 'period' },
    { name: ':seconds', value: 'number', group: 'period', requires: 'vacation-seconds' },
    { name: ':subject', value: 'string' },
    { name: ':from', value: 'string' },
    { name: ':addresses', value: 'strings' },
    { name: ':mime' },
    { name: ':handle', value: 'string' },
  ],
  compile(call) {
    call.checkTexts(':from', (from) =>
      isSendable(mailboxOf(from)) ? undefined : `${JSON.stringify(from)} is no address`,
    );
    const seconds = secondsOf(call);
    const subject = call.optionalText(':subject');
    const from = call.optionalText(':from');
    const addresses = call.texts(':addresses');
    const handle = call.optionalText(':handle');
    const reason = call.text(0);
    const isMime = call.has(':mime');
    return (run) => {
      // RFC 5230 §4.7: one answer a script.
      if (run.actions.some(({ is }) => is === 'vacation'))
        throw new SieveRuntimeError('vacation is done twice');
      const parts = { subject: subject?.(run), from: from?.(run), reason: reason(run) };
      const own = handle?.(run) ?? digest(parts, isMime);
      run.act({
        is: 'vacation',
        seconds,
        addresses: addresses(run),
        isMime,
        handle: own,
        ...parts,
        ...run.edits,
      });
    };
  },
};

/** RFC 5230 §4.1: :days 0 is read as 1; RFC 6131 §2: :seconds 0 answers everything. */
function secondsOf(call: Call): number {
  const seconds = call.number(':seconds');
  return seconds ?? Math.max(1, call.number(':days') ?? DEFAULT_DAYS) * DAY;
}

/** RFC 5230 §4.2: without a handle it is the arguments that tell one answer from another. */
function digest(parts: Readonly<Record<string, string | undefined>>, isMime: boolean): string {
  return createHash('sha256')
    .update(JSON.stringify([parts, isMime]))
    .digest('base64url');
}

/** `Fred <fred@example.org>` and `fred@example.org`. */
export function mailboxOf(text: string): string {
  return /<([^<>]*)>\s*$/.exec(text)?.[1]?.trim() ?? text.trim();
}

export const vacationExtension: SieveExtension = {
  names: ['vacation'],
  commands: [vacation],
  needsOutbound: true,
};
export const vacationSecondsExtension: SieveExtension = { names: ['vacation-seconds'], needsOutbound: true };
