/** What MTAs understand of a pipe's end: sysexits(3). */
import { CommandError } from '@angarium/sdk';

const status = {
  usage: 64,
  dataError: 65,
  noUser: 67,
  unavailable: 69,
  cannotCreate: 73,
  temporary: 75,
  noPermission: 77,
} as const;

/** One recipient's end. */
export interface Outcome {
  readonly recipient: string;
  readonly code: number;
  readonly status: string;
  readonly text: string;
}

export function usageError(text: string): CommandError {
  return new CommandError(text, status.usage);
}

export function temporaryError(text: string): CommandError {
  return new CommandError(text, status.temporary);
}

/**
 * Undefined when all have it. One status for all: with one who may have it later it is 75, so that nothing is lost; the MTA's next
 * try brings a copy to those who have it already, where nothing suppresses duplicates.
 */
export function failureOf(outcomes: readonly Outcome[]): CommandError | undefined {
  const failed = outcomes.filter(({ code }) => code >= 300);
  if (failed.length === 0) return undefined;
  const text = failed
    .map(({ recipient, code, status: enhanced, text: why }) => `${recipient}: ${code} ${enhanced} ${why}`)
    .join('\n');
  const worst = failed.find(({ code }) => code < 500) ?? failed[0]!;
  return new CommandError(text, statusOf(worst));
}

function statusOf({ code, status: enhanced }: Outcome): number {
  if (code < 500) return status.temporary;
  if (enhanced.startsWith('5.1.')) return status.noUser;
  if (enhanced === '5.2.2') return status.cannotCreate;
  if (enhanced.startsWith('5.6.') || enhanced === '5.2.3') return status.dataError;
  return enhanced.startsWith('5.7.') ? status.noPermission : status.unavailable;
}
